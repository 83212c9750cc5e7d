"""Faces at rest, as answers tell of them."""

from visavis.store.migrations.steps import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql(__file__)
