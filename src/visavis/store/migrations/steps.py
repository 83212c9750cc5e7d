"""What a migration does: run the ``.sql`` file that lies beside it."""

from __future__ import annotations

from pathlib import Path

from alembic import op
from sqlalchemy import text


def run_sql(module_file: str) -> None:
    """Run the ``.sql`` file with the same name as the migration, as it stands."""
    execute(Path(module_file).with_suffix(".sql").read_text(encoding="utf-8"))


def execute(sql: str) -> None:
    """Run a script of statements, with no sign in it taken for a parameter."""
    connection = op.get_bind()
    driver_connection = connection.connection.driver_connection
    if driver_connection is None:
        raise RuntimeError("the migration has no open connection")
    connection.execute(text("SELECT 1"))
    driver_connection.execute(sql)
