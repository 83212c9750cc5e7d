"""Match, detect and ask jobs: target and example pictures, and what was decided about each picture."""

from visavis.store.migrations.steps import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql(__file__)
