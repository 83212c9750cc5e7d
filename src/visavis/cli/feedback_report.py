"""``visavis evaluate --feedback``: the thresholds, measured on what clients said of decisions."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from visavis import wiring
from visavis.cli.feedback_figures import Point, Spread, Tally, comparisons_at, detections_at, margins, scores
from visavis.errors import NotFound
from visavis.faces import Calibration, default_pack
from visavis.faces.calibration import DEFAULT_FMR
from visavis.records import FeedbackCode
from visavis.settings import Settings, read_settings
from visavis.store import applications, feedback
from visavis.store.database import Transaction

# The rule of three: what none of so many shows may still be true of one in ten.
_ENOUGH_REPORTED = 30


@dataclass(slots=True)
class Report:
    """What was said, and what follows for the decisions of the model that is installed."""

    organization: str | None
    model_id: str
    calibration: Calibration
    comparisons: Tally
    detections: Tally
    said: Counter[FeedbackCode] = field(default_factory=Counter)
    said_of_a_decision: Counter[FeedbackCode] = field(default_factory=Counter)
    other_models: Counter[str] = field(default_factory=Counter)  # model_id -> decisions, which are not evaluated


def report_feedback(organization: str | None, *, as_json: bool) -> None:
    """Read the database and print the report.

    Raises:
        NotFound: there is no such organisation.
    """
    settings = read_settings()
    # The pack alone: its name and its calibration are all that is needed, no network is loaded.
    pack = wiring.load_pack(settings)
    if pack is None:
        pack = default_pack()
    tallies = comparisons_at(pack.calibration), detections_at()
    report = Report(organization, pack.model_id, pack.calibration, *tallies)
    asyncio.run(_read(settings, report))
    if as_json:
        typer.echo(json.dumps(_told(report), indent=2))
    else:
        _print(report)


async def _read(settings: Settings, report: Report) -> None:
    with wiring.database_url(settings) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            organization_id = None if report.organization is None else await _id_of(db, report.organization)
            for count in await feedback.counts(db, organization_id):
                report.said[count.code] = count.said
                report.said_of_a_decision[count.code] = count.of_a_decision
            async for decision in feedback.reviewed(db, organization_id):
                if decision.model_id != report.model_id:
                    report.other_models[decision.model_id] += 1
                elif decision.is_comparison:
                    report.comparisons.add(decision)
                else:
                    report.detections.add(decision)


async def _id_of(db: Transaction, organization: str) -> UUID:
    ids = {each.organization: each.organization_id for each in await applications.list_all(db)}
    if organization not in ids:
        raise NotFound(f"There is no organisation named {organization}.")
    return ids[organization]


# --- for people -------------------------------------------------------------------------------------------


def _print(report: Report) -> None:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    if not report.said:
        whose = "" if report.organization is None else f" to {report.organization}"
        console.print(
            f"Nobody has given feedback{whose} yet. Once clients say with POST /v2/feedback which decisions were "
            "wrong, this command shows what other thresholds would change."
        )
        return
    console.print(f"{_counted(report.said.total(), 'report')}: {_by_code(report)}.")
    if report.said.total() > report.said_of_a_decision.total():
        console.print(
            "Where there was no decision to speak of, because the job had not ended or was not asked for that class, a "
            "report is counted here only."
        )
    for model_id, decisions in sorted(report.other_models.items()):
        console.print(f"Left out: {_counted(decisions, 'decision')} by another model, {model_id}.")
    _print_comparisons(console, report)
    _print_detections(console, report.detections)
    console.print()
    console.print(
        "What nobody reported counts as right: there are at least as many errors as are counted here, and what would "
        "change of the other decisions need not all change for the worse."
    )


def _by_code(report: Report) -> str:
    words = {FeedbackCode.FALSE_POSITIVE: "false positive", FeedbackCode.FALSE_NEGATIVE: "false negative"}
    return ", ".join(
        f"{_counted(report.said[code], word)} ({report.said_of_a_decision[code]} of a decision)"
        for code, word in words.items()
    )


def _print_comparisons(console: Console, report: Report) -> None:
    tally = report.comparisons
    _print_counts(console, "Comparisons", tally)
    if not tally.decisions:
        return
    if above := Spread.of(margins(tally.false_positives)):
        console.print(f"Reported false positives lie above their threshold by {_spread(above)}.")
    if below := Spread.of(margins(tally.near_misses)):
        console.print(f"Reported false negatives lie below it by {_spread(below)}.")
    _print_lost(console, tally)
    table = _table("FMR", "threshold (one face)", title="At the operating points of the model pack")
    for point in tally.points:
        threshold = report.calibration.threshold(point.setting)
        table.add_row(f"{point.setting:g}{_remark(report, point)}", f"{threshold:.3f}", *_changes(point, tally))
    console.print(table, soft_wrap=False)


def _print_detections(console: Console, tally: Tally) -> None:
    _print_counts(console, "Detections", tally)
    if not tally.decisions:
        return
    in_force = sorted({f"{tally.least_threshold:g}", f"{tally.most_threshold:g}"})
    console.print(f"What was decided said yes from a detection score of {' (ask) or '.join(in_force)} up.")
    if found := Spread.of(scores(tally.false_positives)):
        uncertain = sum(not each.verdict for each in tally.false_positives)
        but = f"; {uncertain} of {len(tally.false_positives)} were not certain" if uncertain else ""
        console.print(f"Reported false positives have a detection score of {_spread(found)}{but}.")
    if tally.near_misses:
        console.print(f"{_counted(len(tally.near_misses), 'reported false negative')} with a face below the threshold.")
    _print_lost(console, tally)
    table = _table("certain from", title="At other thresholds of the detection score")
    for point in tally.points:
        table.add_row(f"{point.setting:.1f}", *_changes(point, tally))
    console.print(table, soft_wrap=False)


def _print_counts(console: Console, kind: str, tally: Tally) -> None:
    console.print()
    if not tally.decisions:
        console.print(f"{kind}: none.")
        return
    console.print(
        f"{kind}: {_counted(tally.decisions, 'decision')}, {tally.yes:,} yes and {tally.decisions - tally.yes:,} no. "
        f"Reported, each once: {_counted(len(tally.false_positives), 'false positive')}, "
        f"{_counted(tally.false_negatives, 'false negative')}."
    )
    if tally.reported < _ENOUGH_REPORTED:
        console.print(f"{_counted(tally.reported, 'reported decision')}: too few to set a threshold by.")
    if tally.contradictory:
        console.print(f"Left out: {_counted(tally.contradictory, 'decision')} reported in both ways.")


def _print_lost(console: Console, tally: Tally) -> None:
    reasons = {"without a face": tally.without_face, 'more like an example of "no"': tally.rivalled}
    for reason, count in reasons.items():
        if count:
            it = "it" if count == 1 else "them"
            console.print(f"{_counted(count, 'reported false negative')} {reason}: no threshold brings {it} back.")


def _table(*settings: str, title: str) -> Table:
    changes = ("false positives left", "false negatives mended", "other yes lost", "other no turned yes")
    # A word a line: six columns fit a terminal of 80.
    return Table(*(column.replace(" ", "\n") for column in (*settings, *changes)), title=title)


def _changes(point: Point, tally: Tally) -> tuple[str, ...]:
    return (
        f"{point.false_positives_left} of {len(tally.false_positives)}",
        f"{point.false_negatives_mended} of {tally.false_negatives}",
        f"{point.unreported_yes_lost:,}",
        f"{point.unreported_no_gained:,}",
    )


def _remark(report: Report, point: Point) -> str:
    if point.setting == DEFAULT_FMR:
        return ", in force"
    return ", extrapolated" if _is_extrapolated(report, point) else ""


def _is_extrapolated(report: Report, point: Point) -> bool:
    return point.setting < 0.99 * report.calibration.measured_down_to


def _spread(spread: Spread) -> str:
    if spread.least == spread.most:
        return f"{spread.least:.3f}"
    return f"{spread.least:.3f} to {spread.most:.3f} (median {spread.median:.3f})"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# --- for programs -----------------------------------------------------------------------------------------


def _told(report: Report) -> dict[str, Any]:
    comparisons, detections = report.comparisons, report.detections
    return {
        "organization": report.organization,
        "modelId": report.model_id,
        "feedback": {
            "falsePositives": report.said[FeedbackCode.FALSE_POSITIVE],
            "falsePositivesOfADecision": report.said_of_a_decision[FeedbackCode.FALSE_POSITIVE],
            "falseNegatives": report.said[FeedbackCode.FALSE_NEGATIVE],
            "falseNegativesOfADecision": report.said_of_a_decision[FeedbackCode.FALSE_NEGATIVE],
        },
        "decisionsByOtherModels": dict(sorted(report.other_models.items())),
        "comparisons": {
            **_told_tally(comparisons),
            "falsePositivesAboveThreshold": _told_spread(margins(comparisons.false_positives)),
            "falseNegativesBelowThreshold": _told_spread(margins(comparisons.near_misses)),
            "operatingPoints": [
                {
                    "nominalFmr": point.setting,
                    "isExtrapolated": _is_extrapolated(report, point),
                    "thresholdForOneFace": round(report.calibration.threshold(point.setting), 6),
                    **_told_changes(point),
                }
                for point in comparisons.points
            ],
        },
        "detections": {
            **_told_tally(detections),
            "falsePositiveScores": _told_spread(scores(detections.false_positives)),
            "falseNegativeScores": _told_spread(scores(detections.near_misses)),
            "thresholds": [{"detectionScore": point.setting, **_told_changes(point)} for point in detections.points],
        },
    }


def _told_tally(tally: Tally) -> dict[str, Any]:
    return {
        "decisions": tally.decisions,
        "yes": tally.yes,
        "no": tally.decisions - tally.yes,
        "contradictory": tally.contradictory,
        "falsePositives": len(tally.false_positives),
        "falseNegatives": tally.false_negatives,
        "falseNegativesWithoutFace": tally.without_face,
        "falseNegativesMoreLikeANoExample": tally.rivalled,
    }


def _told_spread(numbers: list[float]) -> dict[str, float] | None:
    spread = Spread.of(numbers)
    if spread is None:
        return None
    return {"least": round(spread.least, 6), "median": round(spread.median, 6), "most": round(spread.most, 6)}


def _told_changes(point: Point) -> dict[str, int]:
    return {
        "falsePositivesLeft": point.false_positives_left,
        "falseNegativesMended": point.false_negatives_mended,
        "unreportedYesLost": point.unreported_yes_lost,
        "unreportedNoGained": point.unreported_no_gained,
    }
