"""The picture of a matcher's error rates: the ROC, with the operating points marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from visavis.faces.metrics import roc

Floats = npt.NDArray[np.floating[Any]]
Booleans = npt.NDArray[np.bool_]

_INK, _LINE, _FAINT = "#1b1f24", "#0b5cad", "#8a929c"
_MARKERS = ("o", "s", "D", "^", "v")


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold of the model pack, and what it did on these pairs."""

    nominal_fmr: float  # the rate that names the threshold
    threshold: float
    false_matches: int
    non_mated: int
    false_non_matches: int
    mated: int

    @property
    def fmr(self) -> float:
        return self.false_matches / self.non_mated

    @property
    def fnmr(self) -> float:
        return self.false_non_matches / self.mated


def draw_roc(
    path: Path, similarities: Floats, is_mated: Booleans, points: Sequence[OperatingPoint], *, title: str
) -> None:
    """Write the curve as PNG: share of mated pairs that match over the false match rate, which is logarithmic.

    A rate of zero has no place on that axis: it is drawn in a grey strip at the left, under one false match.
    """
    # Imported here: it takes longer than all other commands together. The object interface alone: no global backend.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    _, fmr, fnmr = roc(similarities, is_mated)
    one = 1 / points[0].non_mated  # the least rate that these pairs can show
    none_at = one / 3
    figure = Figure(figsize=(8, 5.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step(np.maximum(fmr, none_at), 1 - fnmr, where="post", color=_LINE, linewidth=1.8, zorder=2)
    axes.axvspan(none_at / 2, one * 0.7, color=_FAINT, alpha=0.15, linewidth=0)
    axes.text(
        one * 0.58, 0.02, "no false match", color=_FAINT, rotation=90, ha="right", va="bottom",
        transform=axes.get_xaxis_transform(), fontsize=9,
    )  # fmt: skip
    for marker, point in zip(_MARKERS, points, strict=False):
        axes.plot(
            max(point.fmr, none_at), 1 - point.fnmr, marker, color=_INK, markersize=7, clip_on=False, zorder=3,
            linestyle="none",
            label=f"threshold {point.threshold:.3f} (FMR {point.nominal_fmr:g}): "
            f"{point.false_matches} false matches, {1 - point.fnmr:.2%} of mated pairs",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(none_at / 2, 1)
    # The interesting part is at the top: down to somewhat under the worst operating point.
    height = 1.6 * max(0.005, *(point.fnmr for point in points))
    axes.set_ylim(max(0.0, 1 - height), 1 + 0.03 * height)
    axes.set_xlabel(f"false match rate ({points[0].non_mated:,} non-mated pairs, so steps of {one:.1g})")
    axes.set_ylabel(f"share of mated pairs that match ({points[0].mated:,} pairs)")
    axes.set_title(title, loc="left", color=_INK)
    axes.yaxis.set_major_formatter(_percent)
    axes.grid(True, which="major", color=_FAINT, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        loc="lower right", frameon=True, fontsize=9, title="operating points of the model pack", title_fontsize=9
    )
    figure.savefig(path, format="png")


def _percent(share: float, _position: float) -> str:
    return f"{100 * share:.4g} %"
