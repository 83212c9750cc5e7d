"""The schema, as a line of migrations written in SQL; Alembic keeps count."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

# Any number that no other program of ours takes: two servers that start together migrate one after the other.
_MIGRATION_LOCK = 7_106_512_001


def migrate(url: str) -> None:
    """Bring a database to the newest schema; nothing happens when it is there already."""
    with psycopg.connect(url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        engine = _engine(url)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        engine.dispose()


def schema_revisions(url: str) -> tuple[str | None, str | None]:
    """The revision that a database is at, and the newest one; equal when it is up to date."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    engine = _engine(url)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return current, ScriptDirectory.from_config(config).get_current_head()


def _engine(url: str) -> Engine:
    # psycopg understands every spelling of a connection string that libpq does; SQLAlchemy's own parser does not.
    return create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
