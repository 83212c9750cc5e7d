"""SQL files: statements with names."""

from __future__ import annotations

from pathlib import Path

import pytest

import visavis.store
from visavis.store.sql import Queries, newest_or_oldest

FOLDER = Path(visavis.store.__file__).parent


def test_a_statement_runs_from_its_header_to_the_next() -> None:
    queries = Queries("-- one: the first\nSELECT 1\n-- a remark\n;\n\n-- two: the second\nSELECT 2;\n")
    assert list(queries) == ["one", "two"]
    assert queries["one"] == "-- one: the first\nSELECT 1\n-- a remark\n;"
    assert queries["two"].endswith("SELECT 2;")


def test_two_statements_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        Queries("-- one: a\nSELECT 1;\n-- one: b\nSELECT 2;\n")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.name)
def test_every_statement_is_used_by_the_module_beside_it(path: Path) -> None:
    module = path.with_suffix(".py").read_text()
    unused = [name for name in Queries(path.read_text()) if f'"{name}"' not in module]
    assert unused == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.name)
def test_every_search_has_a_mirror_image(path: Path) -> None:
    queries = Queries(path.read_text())
    for name in queries:
        if name.startswith("search"):
            assert newest_or_oldest(queries[name], ascending=False) == queries[name]
            assert "created_at ASC, id ASC LIMIT" in newest_or_oldest(queries[name], ascending=True)
