"""``visavis compare``: do two pictures show the same person?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from visavis import wiring
from visavis.cli import boxes
from visavis.errors import ImageError, InvalidRequest
from visavis.faces import Calibration, FaceEngine, cosine
from visavis.faces.calibration import DEFAULT_FMR
from visavis.jobs.analysis import FoundFace, Look, describe, look_at
from visavis.media.images import ImageLimits
from visavis.settings import read_settings


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The face of a picture that counts, and how many others there are."""

    path: Path
    face: FoundFace
    faces_found: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the similarity of two faces means at one operating point."""

    similarity: float  # cosine, -1..1
    score: float  # 0..1, exactly 0.5 at the threshold
    probability_same: float  # 0..1, at equal priors
    threshold: float
    false_match_rate: float  # of the threshold
    is_match: bool


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A picture: JPEG, PNG, WebP, GIF, BMP, TIFF or ICO.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
    fmr: Annotated[
        float,
        typer.Option(
            metavar="RATE",
            help="Operating point: how often two different people may pass for one. any from 1e-3 to 1e-6.",
        ),
    ] = DEFAULT_FMR,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Do two pictures show the same person? Needs no server.

    The largest face of each picture counts.

    Example: visavis compare passport.jpg selfie.jpg --fmr 1e-5

    Exit code: 0 for either verdict, 1 when there is none, because a file is
    missing, is no picture or shows no face. With --json, "isMatch" tells the
    verdict.
    """
    if not 0 < fmr < 1:
        raise typer.BadParameter(f"a false match rate lies between 0 and 1, not {fmr:g}", param_hint="--fmr")
    pictures = [(path, _read(path)) for path in (a, b)]  # before the models: a typing error is told at once
    engine = wiring.load_engine(read_settings())
    looks = [_look(engine, path, data) for path, data in pictures]
    # Together, as a photo match does it: the same two files give the very same number.
    found = describe(engine, looks)
    shown_a, shown_b = (_shown(path, faces) for (path, _), faces in zip(pictures, found, strict=True))
    verdict = judge(engine.calibration, cosine(shown_a.face.embedding, shown_b.face.embedding), fmr)
    if as_json:
        typer.echo(json.dumps(_told(verdict, shown_a, shown_b), indent=2))
    else:
        _print(verdict, fmr, engine.calibration, shown_a, shown_b)


def judge(calibration: Calibration, similarity: float, fmr: float) -> Verdict:
    """The verdict at the operating point nearest to ``fmr`` that the calibration knows."""
    threshold = calibration.threshold(fmr)
    return Verdict(
        similarity=similarity,
        score=calibration.score(similarity, threshold),
        probability_same=calibration.probability_same(similarity),
        threshold=threshold,
        false_match_rate=calibration.fmr(threshold),
        is_match=similarity >= threshold,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidRequest(f"There is no file {path}.") from None
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from error


def _look(engine: FaceEngine, path: Path, data: bytes) -> Look:
    try:
        return look_at(engine, data, ImageLimits(), persistent=True)
    except ImageError as error:
        raise InvalidRequest(f"{path}: {error.message}") from error


def _shown(path: Path, faces: Sequence[FoundFace]) -> Shown:
    if not faces:
        raise InvalidRequest(f"No face was found in {path}.")
    return Shown(path, max(faces, key=lambda face: face.box.area), len(faces))


def _print(verdict: Verdict, asked_fmr: float, calibration: Calibration, *pictures: Shown) -> None:
    console = Console(highlight=False)
    for each in pictures:
        if each.faces_found > 1:
            console.print(
                f"{each.path} shows {each.faces_found} faces; the largest counts.", style="yellow", markup=False
            )
    word, style = ("the same person", "bold green") if verdict.is_match else ("not the same person", "bold red")
    table = Table(show_header=False)
    table.add_row("verdict", word, style=style)
    table.add_row("similarity", f"{verdict.similarity:.3f}  (threshold {verdict.threshold:.3f})")
    table.add_row("score", f"{verdict.score:.3f}  (0.5 at the threshold)")
    table.add_row(
        "probability", f"{verdict.probability_same:.3f}  (of one person, if both answers were equally likely)"
    )
    table.add_row("false match rate", f"{_rate(verdict.false_match_rate, calibration)} of two different people pass")
    console.print(table)
    if abs(verdict.false_match_rate - asked_fmr) > 1e-9 + 0.01 * asked_fmr:
        console.print(
            f"Nothing is known of a rate of {asked_fmr:g}; {verdict.false_match_rate:g} is the nearest.", style="yellow"
        )


def _rate(fmr: float, calibration: Calibration) -> str:
    extrapolated = fmr < 0.99 * calibration.measured_down_to
    return f"1 in {1 / fmr:,.0f}{' (extrapolated)' if extrapolated else ''}"


def _told(verdict: Verdict, *pictures: Shown) -> dict[str, Any]:
    return {
        "isMatch": verdict.is_match,
        "similarity": round(verdict.similarity, 6),
        "score": round(verdict.score, 6),
        "probabilitySame": round(verdict.probability_same, 6),
        "threshold": round(verdict.threshold, 6),
        "falseMatchRate": float(f"{verdict.false_match_rate:.6g}"),
        "pictures": [
            {
                "path": str(each.path),
                "faces": each.faces_found,
                "boundingBox": boxes.told(each.face.box),
                "detectionScore": each.face.detection_score,
                "sharpness": each.face.sharpness,
                "isFrontal": each.face.is_frontal,
            }
            for each in pictures
        ],
    }
