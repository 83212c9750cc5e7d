"""``visavis evaluate`` on a small table whose truth is known."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from support.people import EILEEN, GRACE, LUIS, empty_scene, jpeg
from visavis.cli import main
from visavis.cli.pair_list import find_pictures, read_pairs
from visavis.errors import InvalidRequest

Evaluate = Callable[..., str]
HEADER = "fold,same,image_a,image_b\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three people with three views each, and a picture of nobody, under ``images``."""
    images = tmp_path / "set" / "images"
    images.mkdir(parents=True)
    for name, person in (("eileen", EILEEN), ("grace", GRACE), ("luis", LUIS)):
        for number in range(3):
            (images / f"{name}{number}.jpg").write_bytes(jpeg(person, number))
    (images / "nobody.jpg").write_bytes(empty_scene())
    return tmp_path / "set"


@pytest.fixture
def table(folder: Path) -> Path:
    """All 36 pairs in three folds, and one mated pair with the picture of nobody."""
    names = [f"{name}{number}.jpg" for name in ("eileen", "grace", "luis") for number in range(3)]
    pairs = itertools.combinations(names, 2)
    rows = [f"{number % 3},{int(a[:-5] == b[:-5])},{a},{b}" for number, (a, b) in enumerate(pairs)]
    path = folder / "pairs.csv"
    path.write_text(HEADER + "\n".join([*rows, "0,1,grace0.jpg,nobody.jpg"]) + "\n")
    return path


@pytest.fixture
def evaluate(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Evaluate:
    """The command, run in the folder without a fault: what it prints."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path_factory.getbasetemp() / "cli-home"))  # graphs are prepared once

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["visavis", "evaluate", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert end.value.code == 0, err
        return out

    return run


def test_the_figures_are_those_of_the_pairs_and_the_curve_is_a_picture(
    evaluate: Evaluate, folder: Path, table: Path
) -> None:
    out = evaluate(".", "pairs.csv", "--json", "--backend", "onnxruntime")
    told = json.loads(out)
    assert told["backend"] == "onnxruntime"
    assert told["folds"] == 3
    assert told["pictures"] == 10
    assert (told["withoutFace"], told["unreadable"]) == (1, 0)
    assert (told["matedPairsWithoutFace"], told["nonMatedPairsWithoutFace"]) == (1, 0)
    assert told["accuracy"] == pytest.approx((12 / 13 + 1 + 1) / 3)  # all right but the pair with nobody in it
    assert [point["nominalFmr"] for point in told["operatingPoints"]] == [1e-3, 1e-4, 1e-5]
    default = told["operatingPoints"][1]
    assert (default["falseMatches"], default["nonMatedPairs"]) == (0, 27)
    assert (default["falseNonMatches"], default["matedPairs"]) == (1, 10)
    assert told["matedAboveDefault"] == pytest.approx(0.9)
    assert told["bestNonMated"] < told["defaultThreshold"]
    with Image.open(folder / "roc.png") as image:
        assert image.format == "PNG"
        assert min(image.size) > 500
        assert len(image.convert("RGB").getcolors(1_000_000)) > 20


def test_people_read_sentences(evaluate: Evaluate, folder: Path, table: Path) -> None:
    out = evaluate("images", "pairs.csv", "--roc", "curve.png")
    assert "3-fold accuracy 0.97" in out
    assert "10.00% (1 of 10)" in out
    assert "1 of 10 pictures had no face" in out
    assert "1 mated and 0 non-mated, count as no match" in out
    assert (folder / "curve.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("a,b,same\n", "must begin with the line fold,same,image_a,image_b"),
        ("", "must begin with the line"),
        (HEADER, "no rows"),
        (HEADER + "1,1,grace0.jpg\n", "line 2: has 3 fields instead of 4"),
        (HEADER + "1,yes,grace0.jpg,grace1.jpg\n", "line 2: same is 1 or 0, not 'yes'"),
        (HEADER + "x,1,grace0.jpg,grace1.jpg\n", "line 2: fold is a number"),
        (HEADER + "1,1,grace0.jpg,grace1.jpg\n2,1,grace0.jpg,grace2.jpg\n", "one kind is missing"),
        (HEADER + "1,1,grace0.jpg,grace1.jpg\n1,0,grace0.jpg,luis2.jpg\n", "one fold only"),
        (HEADER + "1,1,grace0.jpg,grace1.jpg\n2,0,grace0.jpg,luis2.jpg\n", "2 rows are too few"),
        (
            HEADER + "1,1,grace0.jpg,grace9.jpg\n1,0,grace0.jpg,luis2.jpg\n" * 2 + "2,1,luis0.jpg,luis1.jpg\n"
            "2,0,grace0.jpg,luis2.jpg\n",
            "grace9.jpg",
        ),  # no such picture
    ],
)
def test_a_table_that_cannot_be_judged_is_refused_with_the_reason(folder: Path, content: str, complaint: str) -> None:
    path = folder / "bad.csv"
    path.write_text(content.replace(HEADER, "", content.count(HEADER) - 1) if content else content)
    with pytest.raises(InvalidRequest) as raised:
        find_pictures(folder, read_pairs(path))
    assert complaint in raised.value.message
