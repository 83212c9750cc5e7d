"""``visavis evaluate --feedback`` on decisions and words about them whose truth is known."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.decided import MODEL, Client, Said
from support.server import Server
from visavis.records import FeedbackCode, JobKind, Role
from visavis.store.database import Database

FALSE_POSITIVE, FALSE_NEGATIVE = FeedbackCode.FALSE_POSITIVE, FeedbackCode.FALSE_NEGATIVE
NO_FACE = Said(None)
CHANGES = ("falsePositivesLeft", "falseNegativesMended", "unreportedYesLost", "unreportedNoGained")

Evaluate = Callable[..., Any]


@pytest.fixture
def command(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """The command over the test's database: how it ended."""
    monkeypatch.setenv("COLUMNS", "200")
    server = Server(tmp_path / "home", database_url=database.url)

    async def run(*arguments: str) -> Any:
        return await asyncio.to_thread(server.run, "evaluate", *arguments, check=False)

    return run


@pytest.fixture
def evaluate(command: Evaluate) -> Evaluate:
    """The command, run without a fault: what it prints."""

    async def run(*arguments: str) -> str:
        ended = await command("--feedback", *arguments)
        assert (ended.returncode, ended.stderr) == (0, "")
        return str(ended.stdout)

    return run


@pytest.fixture
async def ada(database: Database) -> Client:
    return await Client.make(database, "acme")


async def compare(client: Client) -> None:
    """Comparisons. Thresholds of one face are 0.372, 0.434 (in force), 0.501 and 0.578; of ten, the next of these."""
    close = await client.match(Said(0.45))
    for _ in range(3):  # counts once
        await client.say(close, FALSE_POSITIVE)
    await client.say(await client.match(Said(0.55, face_count=10)), FALSE_POSITIVE)
    await client.say(await client.match(Said(0.40)), FALSE_NEGATIVE)
    await client.say(await client.match(Said(0.20)), FALSE_NEGATIVE)
    await client.say(await client.match(NO_FACE), FALSE_NEGATIVE)
    await client.match(Said(0.90), Said(0.47), Said(0.38), Said(0.10), NO_FACE)
    # an example of "no" was nearer: it sets the threshold, at every operating point
    examples = [Role.YES_EXAMPLE, Role.NO_EXAMPLE]
    rivalled = await client.decide(JobKind.ASK, [Said(0.5, threshold=0.6)], examples=examples)
    await client.say(rivalled, FALSE_NEGATIVE)
    await client.decide(JobKind.ASK, [Said(0.42, threshold=0.5)], [Said(0.3)], [Said(0.61)], examples=examples)


async def detect(client: Client) -> None:
    """Detections, certain from 0.8."""
    await client.say(await client.detect([Said(0.85)]), FALSE_POSITIVE)
    await client.say(await client.detect([Said(0.75)]), FALSE_POSITIVE)
    await client.say(await client.detect([Said(0.78)]), FALSE_NEGATIVE)
    await client.say(await client.detect([NO_FACE]), FALSE_NEGATIVE)
    disputed = await client.detect([Said(0.77)])
    await client.say(disputed, FALSE_POSITIVE)
    await client.say(disputed, FALSE_NEGATIVE)
    await client.detect([Said(0.82)], [Said(0.95)], [Said(0.72)], [NO_FACE])


def changes(points: list[dict[str, Any]]) -> list[tuple[int, ...]]:
    return [tuple(point[name] for name in CHANGES) for point in points]


async def test_comparisons_are_judged_at_every_operating_point(ada: Client, evaluate: Evaluate) -> None:
    await compare(ada)
    told = json.loads(await evaluate("--json"))
    assert told["modelId"] == MODEL
    assert told["feedback"] == {
        "falsePositives": 4,
        "falsePositivesOfADecision": 4,
        "falseNegatives": 4,
        "falseNegativesOfADecision": 4,
    }
    comparisons = told["comparisons"]
    points = comparisons.pop("operatingPoints")
    assert comparisons == {
        "decisions": 14,
        "yes": 5,
        "no": 9,
        "contradictory": 0,
        "falsePositives": 2,
        "falseNegatives": 4,
        "falseNegativesWithoutFace": 1,
        "falseNegativesMoreLikeANoExample": 1,
        "falsePositivesAboveThreshold": {"least": 0.016, "median": 0.0325, "most": 0.049},
        "falseNegativesBelowThreshold": {"least": 0.034, "median": 0.134, "most": 0.234},
    }
    assert [point["nominalFmr"] for point in points] == [1e-3, 1e-4, 1e-5, 1e-6]
    assert [point["thresholdForOneFace"] for point in points] == [0.372, 0.434, 0.501, 0.578]
    assert [point["isExtrapolated"] for point in points] == [False, False, False, True]
    assert changes(points) == [
        (2, 1, 0, 1),  # 0.40 is mended, 0.38 comes in; 0.42 is less alike than its rival
        (2, 0, 0, 0),  # in force: all as it is
        (0, 0, 1, 0),  # 0.45 goes, and 0.55 of ten faces; so does 0.47
        (0, 0, 1, 0),
    ]
    assert told["detections"]["decisions"] == 0


async def test_detections_are_judged_at_other_scores(ada: Client, evaluate: Evaluate) -> None:
    await detect(ada)
    detections = json.loads(await evaluate("--json"))["detections"]
    points = detections.pop("thresholds")
    assert detections == {
        "decisions": 9,
        "yes": 3,
        "no": 6,
        "contradictory": 1,
        "falsePositives": 2,
        "falseNegatives": 2,
        "falseNegativesWithoutFace": 1,
        "falseNegativesMoreLikeANoExample": 0,
        "falsePositiveScores": {"least": 0.75, "median": 0.8, "most": 0.85},
        "falseNegativeScores": {"least": 0.78, "median": 0.78, "most": 0.78},
    }
    assert [point["detectionScore"] for point in points] == [0.7, 0.8, 0.9]
    assert changes(points) == [
        (2, 1, 0, 1),  # 0.72 comes in
        (1, 0, 0, 0),  # in force
        (0, 0, 1, 0),  # 0.82 goes
    ]


async def test_a_question_without_examples_is_a_detection(ada: Client, evaluate: Evaluate) -> None:
    job = await ada.decide(JobKind.ASK, [Said(0.75, threshold=0.7, object_class="face")])
    await ada.say(job, FALSE_POSITIVE, object_class="face")
    told = json.loads(await evaluate("--json"))
    assert told["comparisons"]["decisions"] == 0
    assert (told["detections"]["yes"], told["detections"]["falsePositives"]) == (1, 1)


async def test_decisions_of_another_model_are_named_and_not_judged(ada: Client, evaluate: Evaluate) -> None:
    await ada.say(await ada.match(Said(0.5, model_id="older/models"), Said(0.6)), FALSE_POSITIVE)
    await ada.match(Said(0.5, model_id="older/models"))
    told = json.loads(await evaluate("--json"))
    assert told["decisionsByOtherModels"] == {"older/models": 2}
    assert (told["comparisons"]["decisions"], told["comparisons"]["falsePositives"]) == (1, 0)
    assert "Left out: 2 decisions by another model, older/models." in await evaluate()


async def test_one_organisation_can_be_asked_about(ada: Client, database: Database, evaluate: Evaluate) -> None:
    mallory = await Client.make(database, "globex")
    await ada.say(await ada.match(Said(0.5)), FALSE_POSITIVE)
    await mallory.say(await mallory.detect([Said(0.9)], [Said(0.6)]), FALSE_NEGATIVE)
    seen = {}
    for name, options in {"all": [], "acme": ["--org", "acme"], "globex": ["--org", "globex"]}.items():
        told = json.loads(await evaluate("--json", *options))
        assert told["organization"] == (None if name == "all" else name)
        said = told["feedback"]["falsePositives"], told["feedback"]["falseNegatives"]
        seen[name] = said, told["comparisons"]["decisions"], told["detections"]["decisions"]
    assert seen == {"all": ((1, 1), 1, 2), "acme": ((1, 0), 1, 0), "globex": ((0, 1), 0, 2)}


async def test_people_read_sentences(ada: Client, evaluate: Evaluate) -> None:
    await compare(ada)
    await detect(ada)
    await ada.say(await ada.decide(JobKind.RECOGNIZE, []), FALSE_POSITIVE)
    out = await evaluate()
    for sentence in (
        "15 reports: 8 false positives (7 of a decision), 7 false negatives (7 of a decision).",
        "Where there was no decision to speak of",
        "Comparisons: 14 decisions, 5 yes and 9 no. Reported, each once: 2 false positives, 4 false negatives.",
        "Reported false positives lie above their threshold by 0.016 to 0.049 (median 0.033).",
        "Reported false negatives lie below it by 0.034 to 0.234 (median 0.134).",
        "1 reported false negative without a face: no threshold brings it back.",
        '1 reported false negative more like an example of "no": no threshold brings it back.',
        "Detections: 9 decisions, 3 yes and 6 no. Reported, each once: 2 false positives, 2 false negatives.",
        "Left out: 1 decision reported in both ways.",
        "What was decided said yes from a detection score of 0.8 up.",
        "Reported false positives have a detection score of 0.750 to 0.850 (median 0.800); 1 of 2 were not certain.",
        "1 reported false negative with a face below the threshold.",
        "What nobody reported counts as right:",
        "6 reported decisions: too few to set a threshold by.",
        "4 reported decisions: too few to set a threshold by.",
    ):
        assert sentence in out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
    assert ["0.001", "0.372", "2 of 2", "1 of 4", "0", "1"] in rows
    assert ["0.0001, in force", "0.434", "2 of 2", "0 of 4", "0", "0"] in rows
    assert ["1e-06, extrapolated", "0.578", "0 of 2", "0 of 4", "1", "0"] in rows
    assert ["0.9", "0 of 2", "0 of 2", "1", "0"] in rows


async def test_without_feedback_there_is_a_friendly_word(ada: Client, evaluate: Evaluate) -> None:
    await ada.match(Said(0.5))
    assert (await evaluate()).startswith("Nobody has given feedback yet.")
    assert (await evaluate("--org", "acme")).startswith("Nobody has given feedback to acme yet.")
    told = json.loads(await evaluate("--json"))
    assert (told["comparisons"]["decisions"], told["comparisons"]["falsePositives"]) == (1, 0)


async def test_an_organisation_that_is_not_there_is_refused(ada: Client, command: Evaluate) -> None:
    refused = await command("--feedback", "--org", "Acme")
    assert refused.returncode == 1
    assert "There is no organisation named Acme." in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name both, or say --feedback"),
        (["photos"], "name both, or say --feedback"),
        (["--feedback", "photos", "pairs.csv"], "DIR makes no sense with it"),
        (["--feedback", "--roc", "roc.png"], "--roc makes no sense with it"),
        (["--feedback", "--backend", "auto"], "--backend makes no sense with it"),
        (["photos", "pairs.csv", "--org", "acme"], "is for --feedback only"),
    ],
)
async def test_what_makes_no_sense_together_is_refused(command: Evaluate, arguments: list[str], complaint: str) -> None:
    refused = await command(*arguments)
    assert refused.returncode == 2
    assert complaint in refused.stderr
