"""People who use the web console, their sessions, and indexes for the list of work that they see."""

from visavis.store.migrations.steps import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_sql(__file__)
