"""``visavis compare``, in its own words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.people import EILEEN, GRACE, empty_scene, jpeg, side_by_side
from visavis.cli import main

Compare = Callable[..., tuple[int | str | None, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures to compare."""
    (tmp_path / "grace.jpg").write_bytes(jpeg(GRACE, 0))
    (tmp_path / "grace [2].jpg").write_bytes(jpeg(GRACE, 1))
    (tmp_path / "eileen.jpg").write_bytes(jpeg(EILEEN, 0))
    (tmp_path / "both.jpg").write_bytes(side_by_side((EILEEN, 0), (GRACE, 2)))
    (tmp_path / "coffee.jpg").write_bytes(empty_scene())
    (tmp_path / "text.jpg").write_text("not a picture")
    return tmp_path


@pytest.fixture
def compare(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Compare:
    """The command, run in the folder: its exit code, its output, its complaints."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path_factory.getbasetemp() / "cli-home"))  # graphs are prepared once

    def run(*arguments: str) -> tuple[int | str | None, str, str]:
        monkeypatch.setattr(sys, "argv", ["visavis", "compare", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return run


def test_one_person_is_told_in_words(compare: Compare) -> None:
    code, out, err = compare("grace.jpg", "grace [2].jpg")
    assert code == 0, err
    assert "the same person" in out
    assert "not the same person" not in out
    assert "1 in 10,000" in out


def test_two_people_are_a_verdict_too_and_json_carries_the_figures(compare: Compare) -> None:
    code, out, err = compare("grace.jpg", "eileen.jpg", "--json", "--fmr", "1e-5")
    assert code == 0, err
    told = json.loads(out)
    assert told["isMatch"] is False
    assert told["similarity"] < told["threshold"] == pytest.approx(0.501)
    assert told["falseMatchRate"] == pytest.approx(1e-5)
    assert told["score"] < 0.5
    assert told["probabilitySame"] < 0.5
    assert [picture["faces"] for picture in told["pictures"]] == [1, 1]


def test_several_faces_and_a_rate_that_nobody_has_measured_are_told(compare: Compare) -> None:
    code, out, err = compare("both.jpg", "grace.jpg", "--fmr", "0.01")
    assert code == 0, err
    assert "both.jpg shows 2 faces" in out
    assert "0.001 is the nearest" in out


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("nobody.jpg", "There is no file nobody.jpg"),
        ("coffee.jpg", "No face was found in coffee.jpg"),
        ("text.jpg", "text.jpg: The bytes are no picture"),
        (".", "cannot be read"),
    ],
)
def test_no_verdict_is_an_error_that_names_the_picture(compare: Compare, second: str, complaint: str) -> None:
    code, _, err = compare("grace.jpg", second)
    assert code == 1
    assert complaint in err


def test_the_python_names_are_there_and_importing_the_package_loads_no_model_runtime() -> None:
    program = (
        "import sys, visavis; assert 'cv2' not in sys.modules and 'numpy' not in sys.modules; "
        "from visavis import Face, FaceEngine, Faces, compare; assert FaceEngine.load and callable(compare); "
        "assert not hasattr(visavis, 'nothing')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_name_that_looks_like_markup_is_told_as_it_is(compare: Compare) -> None:
    code, _, err = compare("[/bold] missing.jpg", "grace.jpg")
    assert code == 1
    assert "[/bold] missing.jpg" in err
