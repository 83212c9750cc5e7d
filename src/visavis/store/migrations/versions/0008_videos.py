"""Videos: files, frames, faces over time, matches, collections, searches by face, and webhooks about files."""

from visavis.store.migrations.steps import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql(__file__)
