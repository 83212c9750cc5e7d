"""Visavis: self-hosted face matching for pictures and video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.faces import Face, FaceEngine, Faces, compare

__version__ = "0.1.0"

__all__ = ["Face", "FaceEngine", "Faces", "__version__", "compare"]


def __getattr__(name: str) -> Any:
    # Lazily: OpenCV and the runtimes take most of a second, which a program that asks for the version need not wait.
    if name in __all__:
        from visavis import faces

        return getattr(faces, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
