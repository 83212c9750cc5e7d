"""Organisations, jobs, faces, groups, identities, and the queue's own tables."""

from procrastinate.schema import SchemaManager

from visavis.store.migrations.steps import execute, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql(__file__)
    execute(SchemaManager.get_schema())
