"""``visavis evaluate``: error rates and ROC on labelled pairs of your own pictures."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from visavis import wiring
from visavis.cli.feedback_report import report_feedback
from visavis.cli.pair_list import Pair, find_pictures, read_pairs
from visavis.cli.roc import Booleans, Floats, OperatingPoint, draw_roc
from visavis.errors import EngineError, ImageError, InvalidRequest
from visavis.faces import Calibration, FaceEngine, FloatArray, cosine, cpu_quota
from visavis.faces.backends import BackendName
from visavis.faces.calibration import DEFAULT_FMR
from visavis.faces.metrics import tenfold_accuracy
from visavis.jobs.analysis import FoundFace, analyze_picture
from visavis.media.images import ImageLimits
from visavis.settings import Settings, read_settings

NOMINAL_FMRS = (1e-3, DEFAULT_FMR, 1e-5)

# So many show a rate of 1e-5 at least three times.
_ENOUGH_NON_MATED = 300_000

# Similarity of a pair with a picture that has no face: under every threshold, so it is no match.
NO_FACE = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """What a worker found in a picture: its central face, or none, and perhaps why."""

    embedding: FloatArray | None
    is_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run."""

    backend: BackendName
    model_id: str
    accuracy: float
    accuracy_std: float
    folds: int
    points: tuple[OperatingPoint, ...]
    default_threshold: float
    mated_above_default: float
    best_non_mated: float
    pictures: int
    without_face: int
    unreadable: int
    mated_without_face: int
    non_mated_without_face: int


def evaluate(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="The folder with the pictures.")] = None,
    pairs_csv: Annotated[
        Path | None, typer.Argument(metavar="PAIRS", help="A CSV file with the header fold,same,image_a,image_b.")
    ] = None,
    roc_png: Annotated[
        Path | None, typer.Option("--roc", metavar="PATH", help="Where to draw the ROC.", show_default="roc.png")
    ] = None,
    backend: Annotated[
        Literal["auto", "onnxruntime", "openvino"] | None,
        typer.Option(help="What runs the networks.", show_default="VISAVIS_BACKEND"),
    ] = None,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Measure on what clients said of decisions, instead of on DIR and PAIRS.")
    ] = False,
    org: Annotated[
        str | None, typer.Option("--org", help="With --feedback: of this organisation only.", show_default="all")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure error rates on pairs of your own pictures. Needs no server.

    A row of PAIRS names two pictures relative to DIR (or to DIR/images), says
    with 1 or 0 whether they show the same person, and belongs to a numbered
    fold. Of each picture the face nearest the centre counts.

    Accuracy follows the protocol of Labeled Faces in the Wild: each fold is
    judged at the threshold that is best for the others. FMR is the share of
    pairs of two people that match, FNMR that of pairs of one person that do
    not. A pair with a picture without a face is no match.

    Example: visavis evaluate photos pairs.csv --roc roc.png

    With --feedback the database of the server is read instead: what other
    thresholds would change in the decisions of match, detect and ask jobs,
    judged by what clients said of them.
    """
    if feedback:
        given = {"DIR": folder, "PAIRS": pairs_csv, "--roc": roc_png, "--backend": backend}
        for name, value in given.items():
            if value is not None:
                raise typer.BadParameter(f"{name} makes no sense with it: no picture is read.", param_hint="--feedback")
        report_feedback(org, as_json=as_json)
        return
    if folder is None or pairs_csv is None:
        raise typer.BadParameter("name both, or say --feedback.", param_hint="DIR PAIRS")
    if org is not None:
        raise typer.BadParameter("is for --feedback only.", param_hint="--org")
    if roc_png is None:
        roc_png = Path("roc.png")
    pairs = read_pairs(pairs_csv)
    paths = find_pictures(folder, pairs)
    if not roc_png.absolute().parent.is_dir():
        raise InvalidRequest(f"There is no folder {roc_png.absolute().parent} to draw {roc_png.name} in.")
    settings = read_settings()
    if backend is not None:
        settings = settings.model_copy(update={"backend": backend})
    # Loaded here too: a wrong pack or backend is told once, and the workers find the graphs prepared.
    engine = wiring.load_engine(settings)
    found = embed_pictures(paths, settings, quiet=as_json)
    similarities, is_mated = _similarities(pairs, found)
    report = _report(pairs, found, similarities, is_mated, engine)
    try:
        draw_roc(roc_png, similarities, is_mated, report.points, title=f"ROC on {pairs_csv.name} ({report.backend})")
    except OSError as error:
        raise InvalidRequest(f"{roc_png} cannot be written: {error.strerror}.") from error
    if as_json:
        typer.echo(json.dumps(_told(report, roc_png), indent=2))
    else:
        _print(report, roc_png)


def embed_pictures(paths: Mapping[str, Path], settings: Settings, *, quiet: bool) -> dict[str, Embedded]:
    """The central face of every picture, found by one worker process for each CPU core allowed."""
    found: dict[str, Embedded] = {}
    # A fork after OpenCV has started its threads hangs: spawn
    pool = ProcessPoolExecutor(
        min(cpu_quota(), len(paths)),
        multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(settings,),
    )
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with pool, Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        try:
            results: Iterator[Embedded] = pool.map(_embed, paths.values(), chunksize=8)
            for name, embedded in progress.track(zip(paths, results, strict=True), len(paths), description="pictures"):
                found[name] = embedded
        except BrokenProcessPool as error:
            raise EngineError("A worker process ended before its work did; perhaps the memory ran out.") from error
        finally:
            pool.shutdown(cancel_futures=True)
    return found


_engine: FaceEngine


def _begin(settings: Settings) -> None:
    global _engine  # one engine per worker process
    _engine = wiring.load_engine(settings)


def _embed(path: Path) -> Embedded:
    try:
        faces = analyze_picture(_engine, path.read_bytes(), ImageLimits())
    except (ImageError, OSError):
        return Embedded(None, is_unreadable=True)
    return Embedded(min(faces, key=_off_centre).embedding if faces else None)


def _off_centre(face: FoundFace) -> float:
    """Distance of a box's centre from the picture's, with its width and its height as the units."""
    box = face.box
    return float(np.hypot(box.x_min + box.x_max - 1, box.y_min + box.y_max - 1))


def _similarities(pairs: Sequence[Pair], found: Mapping[str, Embedded]) -> tuple[Floats, Booleans]:
    sides = ((found[pair.image_a].embedding, found[pair.image_b].embedding) for pair in pairs)
    similarities = [NO_FACE if a is None or b is None else cosine(a, b) for a, b in sides]
    return np.array(similarities), np.array([pair.is_mated for pair in pairs])


def _report(
    pairs: Sequence[Pair],
    found: Mapping[str, Embedded],
    similarities: Floats,
    is_mated: Booleans,
    engine: FaceEngine,
) -> Report:
    folds = np.array([pair.fold for pair in pairs])
    accuracy, spread = tenfold_accuracy(similarities, is_mated, folds)
    lost = {name for name, each in found.items() if each.embedding is None}
    is_lost = np.array([pair.image_a in lost or pair.image_b in lost for pair in pairs])
    threshold = engine.calibration.default_threshold
    return Report(
        backend=engine.backend_name,
        model_id=engine.model_id,
        accuracy=accuracy,
        accuracy_std=spread,
        folds=len(np.unique(folds)),
        points=tuple(_point(engine.calibration, fmr, similarities, is_mated) for fmr in NOMINAL_FMRS),
        default_threshold=threshold,
        mated_above_default=float((similarities[is_mated] >= threshold).mean()),
        best_non_mated=float(similarities[~is_mated].max()),
        pictures=len(found),
        without_face=len(lost),
        unreadable=sum(each.is_unreadable for each in found.values()),
        mated_without_face=int((is_lost & is_mated).sum()),
        non_mated_without_face=int((is_lost & ~is_mated).sum()),
    )


def _point(calibration: Calibration, fmr: float, similarities: Floats, is_mated: Booleans) -> OperatingPoint:
    threshold = calibration.threshold(fmr)
    passes = similarities >= threshold
    return OperatingPoint(
        nominal_fmr=fmr,
        threshold=threshold,
        false_matches=int((passes & ~is_mated).sum()),
        non_mated=int((~is_mated).sum()),
        false_non_matches=int((~passes & is_mated).sum()),
        mated=int(is_mated.sum()),
    )


def _print(report: Report, roc_png: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"[bold]{report.folds}-fold accuracy {report.accuracy:.4f} +- {report.accuracy_std:.4f}[/] ({report.backend})"
    )
    table = Table("operating point", "threshold", "FMR", "FNMR", title="At the thresholds of the model pack")
    for point in report.points:
        table.add_row(
            f"FMR {point.nominal_fmr:g}{' (default)' if point.nominal_fmr == DEFAULT_FMR else ''}",
            f"{point.threshold:.3f}",
            f"{point.fmr:.2%} ({point.false_matches} of {point.non_mated})",
            f"{point.fnmr:.2%} ({point.false_non_matches} of {point.mated})",
        )
    console.print(table)
    console.print(
        f"{report.mated_above_default:.2%} of mated pairs lie above the default threshold "
        f"{report.default_threshold:.3f}; the best non-mated pair has {report.best_non_mated:.3f}."
    )
    if (count := report.points[0].non_mated) < _ENOUGH_NON_MATED:
        # the rule of three: none among n is, at 95 % confidence, a rate under 3 / n
        console.print(
            f"{count} non-mated pairs are few: if none of them matches, the FMR may still be {min(3 / count, 1):.1g}."
        )
    unreadable = f" ({report.unreadable} of them cannot be read)" if report.unreadable else ""
    console.print(f"{report.without_face} of {report.pictures} pictures had no face{unreadable}.", end=" ")
    console.print(
        f"Their pairs, {report.mated_without_face} mated and {report.non_mated_without_face} non-mated, count as no "
        "match: the former as errors, the latter as right."
    )
    console.print("ROC:", str(roc_png), markup=False)


def _told(report: Report, roc_png: Path) -> dict[str, Any]:
    return {
        "backend": report.backend,
        "modelId": report.model_id,
        "folds": report.folds,
        "accuracy": report.accuracy,
        "accuracyStd": report.accuracy_std,
        "operatingPoints": [
            {
                "nominalFmr": point.nominal_fmr,
                "threshold": point.threshold,
                "fmr": point.fmr,
                "falseMatches": point.false_matches,
                "nonMatedPairs": point.non_mated,
                "fnmr": point.fnmr,
                "falseNonMatches": point.false_non_matches,
                "matedPairs": point.mated,
            }
            for point in report.points
        ],
        "defaultThreshold": report.default_threshold,
        "matedAboveDefault": report.mated_above_default,
        "bestNonMated": report.best_non_mated,
        "pictures": report.pictures,
        "withoutFace": report.without_face,
        "unreadable": report.unreadable,
        "matedPairsWithoutFace": report.mated_without_face,
        "nonMatedPairsWithoutFace": report.non_mated_without_face,
        "roc": str(roc_png),
    }
