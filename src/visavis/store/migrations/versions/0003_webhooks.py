"""Registered webhooks, and deliveries to them and to jobs' own addresses."""

from visavis.store.migrations.steps import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql(__file__)
