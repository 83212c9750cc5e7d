"""``visavis demo``: the main job on real photographs, from nothing to named people."""

from visavis.cli.demo.command import demo

__all__ = ["demo"]
