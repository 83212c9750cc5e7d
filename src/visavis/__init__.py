"""Visavis: self-hosted face matching for pictures and video."""

__version__ = "0.1.0"
