"""Groups and identities are found, in their order, by the ids of their faces."""

from visavis.store.migrations.steps import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_sql(__file__)
