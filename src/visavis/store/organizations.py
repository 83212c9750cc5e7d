"""Rows of organisations."""

from __future__ import annotations

from visavis.records import Organization
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def list_all(db: Transaction) -> list[Organization]:
    """Every organisation, by name."""
    return await fetch_all(db, Organization, _SQL["list"])


async def set_false_match_rate(db: Transaction, name: str, false_match_rate: float) -> Organization | None:
    """Choose the operating point for jobs that are accepted from now on; None when there is no such organisation."""
    return await fetch_one(
        db, Organization, _SQL["set_false_match_rate"], {"name": name, "false_match_rate": false_match_rate}
    )
