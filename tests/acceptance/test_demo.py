"""``visavis demo``, as a new user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.server import COMMAND


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Without settings of the machine's own, with temporary folders of this test's."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tmp_path.chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VISAVIS_")}
    return {**clean, "TMPDIR": str(scratch), "COLUMNS": "120"}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "demo", *arguments], env=environment, capture_output=True, text=True, timeout=180)


def test_the_demo_tells_its_story_draws_the_sheet_and_leaves_nothing_else(
    environment: dict[str, str], tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    told = run(environment, "--out", str(sheet))
    assert told.returncode == 0, told.stdout + told.stderr
    steps = (
        "1. Recognise a batch",
        "2. Groups appear",
        "3. One gets a name",
        "4. New pictures",
        "5. One question",
        "6. Another dialect",
    )
    for step in steps:
        assert step in told.stdout
    recognised, chosen = [line for line in told.stdout.splitlines() if "Grace Hopper, new view" in line]
    assert recognised.count("Grace Hopper") == 2
    assert "the first that shows the target" in chosen
    stranger, not_chosen = [line for line in told.stdout.splitlines() if "never seen before" in line]
    assert "unknown" in stranger
    assert "the first" not in not_chosen
    with Image.open(sheet) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape[0] > 800
    assert pixels.shape[1] > 800
    green = (pixels == (0x1A, 0x8F, 0x5A)).all(axis=2)
    orange = (pixels == (0xD9, 0x82, 0x2B)).all(axis=2)
    assert green.sum() > 1000  # boxes round the faces that have a name
    assert orange.sum() > green.sum()  # and round those that have none
    assert list((tmp_path / "scratch").glob("visavis-demo-*")) == []


def test_a_step_that_goes_wrong_is_told_and_ends_the_demo_with_an_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    # A token that lives a second does not last until the first job has ended.
    told = run({**environment, "VISAVIS_TOKEN_TTL_SECONDS": "1"}, "--out", str(tmp_path / "sheet.png"))
    assert told.returncode == 1
    assert "401" in told.stderr
    assert not (tmp_path / "sheet.png").exists()
    assert list((tmp_path / "scratch").glob("visavis-demo-*")) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_puts_everything_away(
    environment: dict[str, str], tmp_path: Path, how: signal.Signals
) -> None:
    command = [*COMMAND, "demo", "--out", str(tmp_path / "sheet.png")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Server ready" in process.stdout.readline()
        process.send_signal(how)
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert list((tmp_path / "scratch").glob("visavis-demo-*")) == []
    deadline = time.monotonic() + 10
    while str(tmp_path) in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout:
        assert time.monotonic() < deadline, "a process of the demo is left"
        time.sleep(0.2)
