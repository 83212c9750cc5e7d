"""Fixtures for rooms at work together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.workbench import Workbench, open_workbench
from visavis.faces import FaceEngine
from visavis.store.database import Database


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> FaceEngine:
    """The real engine."""
    return FaceEngine.load(cache_dir=tmp_path_factory.mktemp("models"))


@pytest.fixture
async def workbench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[Workbench]:
    """A worker's parts, taken apart, over an empty database."""
    async with open_workbench(database, engine, tmp_path / "blobs") as parts:
        yield parts
