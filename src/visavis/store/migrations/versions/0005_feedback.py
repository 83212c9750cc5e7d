"""What clients say of decisions."""

from visavis.store.migrations.steps import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql(__file__)
