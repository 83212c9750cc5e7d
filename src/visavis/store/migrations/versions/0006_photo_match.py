"""Photo matches, and the operating point that an organisation chooses."""

from visavis.store.migrations.steps import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql(__file__)
