"""What searches need to stay fast: ids beside the faces, and indexes in the order of the answers."""

from visavis.store.migrations.steps import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql(__file__)
