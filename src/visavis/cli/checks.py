"""The checks of ``visavis doctor``: models, database, storage, CPU, disk. They look, and change nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import psycopg

from visavis import samples, wiring
from visavis.cli.hiding import HIDDEN, without_secrets
from visavis.errors import BackendUnavailable, VisavisError
from visavis.faces import FaceEngine, ModelPack, cpu_quota, default_pack
from visavis.faces.cpu import has_bf16
from visavis.model_packs import obtain_pack
from visavis.settings import Settings
from visavis.store.blobs import Blobs
from visavis.store.migrations import schema_revisions

GIB: Final = 1024**3
LEAST_FREE_BYTES: Final = 1 * GIB  # under this PostgreSQL may stop in the middle of its work
OLDEST_POSTGRES: Final = 15
_CONNECT_WITHIN_S: Final = 5
_STORAGE_WITHIN_S: Final = 20.0

State = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table."""

    check: str
    state: State
    found: str
    cure: str = ""


Check = Callable[[], Iterator[Finding]]


# --- models -----------------------------------------------------------------------------------------------


def models(settings: Settings | None) -> Iterator[Finding]:
    """``settings`` None: they are wrong, so the built-in pack is looked at."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            pack = _pack(settings, Path(scratch))
            for file in (pack.detector, pack.recogniser):
                file.read()
            yield Finding("models", "ok", f"{pack.name}: files are there, digests right ({pack.licence})")
            # Without a cache: it would be written.
            engine = FaceEngine.load(pack, backend="auto" if settings is None else settings.backend)
    except BackendUnavailable as error:
        yield Finding("backend", "problem", error.message, "Install it, or set VISAVIS_BACKEND=auto.")
        return
    except VisavisError as error:
        is_own = settings is not None and settings.model_pack is not None
        cure = (
            "Correct VISAVIS_MODEL_PACK; unset, the built-in models are used." if is_own else "Install Visavis again."
        )
        yield Finding("models", "problem", error.message, cure)
        return
    yield _backend(engine)
    yield _trial(engine)


def _pack(settings: Settings | None, scratch: Path) -> ModelPack:
    """The pack in force; one to be fetched comes into ``scratch``, unless it was fetched before."""
    if settings is None or settings.model_pack is None:
        return default_pack()
    fetched = settings.models_folder / "packs"
    if fetched.is_dir():
        shutil.copytree(fetched, scratch / "packs")
    return obtain_pack(settings.model_pack, scratch)


def _backend(engine: FaceEngine) -> Finding:
    if engine.backend_name == "onnxruntime" and has_bf16():
        found = "ONNX Runtime, though this CPU multiplies bfloat16"
        return Finding("backend", "note", found, "pip install 'visavis[openvino]' and VISAVIS_BACKEND=auto are faster.")
    names = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
    return Finding("backend", "ok", names[engine.backend_name])


def _trial(engine: FaceEngine) -> Finding:
    name = samples.PEOPLE[0]
    try:
        image_rgb = samples.portrait(name)
    except samples.SamplesMissingError:
        return Finding("faces", "ok", "not tried: the sample pictures are not installed (visavis[samples])")
    [faces] = engine.analyze([image_rgb])
    if len(faces) == 1:
        return Finding("faces", "ok", "one face found in a portrait, as there is")
    found = f"{len(faces)} faces found in a portrait of one person"
    return Finding(
        "faces", "problem", found, "The models do not fit or this CPU is not supported; try another backend."
    )


# --- database ---------------------------------------------------------------------------------------------


def database(settings: Settings) -> Iterator[Finding]:
    """Whether it connects, and has what is needed; nothing is migrated."""
    if settings.database_url is None and not (settings.postgres_folder / "PG_VERSION").exists():
        yield Finding("database", "ok", f"embedded; will be made at the first start, in {settings.postgres_folder}")
        return
    with wiring.database_url(settings) as url:
        try:
            with psycopg.connect(url, connect_timeout=_CONNECT_WITHIN_S, autocommit=True) as connection:
                yield from _postgres(connection, "embedded" if settings.database_url is None else "yours")
        except psycopg.Error as error:
            yield _no_connection(settings, error)
            return
        yield _schema(url)


def _postgres(connection: psycopg.Connection, whose: str) -> Iterator[Finding]:
    version = connection.info.server_version // 10_000
    if version < OLDEST_POSTGRES:
        yield Finding("database", "problem", f"PostgreSQL {version}", f"It must be {OLDEST_POSTGRES} or newer.")
    else:
        yield Finding("database", "ok", f"PostgreSQL {version}, {whose}, connects")
    row = connection.execute(
        "SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'vector'"
    ).fetchone()
    if row is None:
        yield Finding("pgvector", "problem", "not on the database server", "Install its package there (pgvector).")
    elif row[1] is None:
        yield Finding("pgvector", "ok", f"{row[0]}; will be switched on at the first start")
    else:
        yield Finding("pgvector", "ok", str(row[1]))


def _no_connection(settings: Settings, error: psycopg.Error) -> Finding:
    # Only what the server said: libpq quotes parts of an address that it cannot read, a password perhaps.
    reason = str(error).strip().splitlines()[0] if isinstance(error, psycopg.OperationalError) else "unusable address"
    if settings.database_url is None:
        return Finding("database", "problem", reason, f"Its log is {settings.postgres_folder / 'log'}.")
    cure = "Start the database, or correct VISAVIS_DATABASE_URL; unset, an embedded one is used."
    return Finding("database", "problem", f"does not connect: {_masked(reason, settings.database_url)}", cure)


def _masked(text: str, url: str) -> str:
    try:
        password = urlsplit(url).password
    except ValueError:
        return "the address cannot be read"
    return text.replace(password, HIDDEN) if password else text


def _schema(url: str) -> Finding:
    current, newest = schema_revisions(url)
    if current == newest:
        return Finding("schema", "ok", f"revision {current}, up to date")
    if current is None:
        return Finding("schema", "ok", "no tables yet; they will be made at the first start")
    if newest is not None and current > newest:
        found = f"revision {current}, made by a newer Visavis than this ({newest})"
        return Finding("schema", "problem", found, "Install the newer version.")
    found = f"revision {current}, not the newest ({newest})"
    return Finding("schema", "note", found, "The next visavis serve brings it up to date. Back up first.")


# --- storage, CPU, disk -----------------------------------------------------------------------------------


def storage(settings: Settings) -> Iterator[Finding]:
    url = settings.blobs_url
    folder = Path(urlsplit(url).path) if url.startswith("file://") else None
    if folder is not None and not folder.exists():
        place = _nearest(folder)
        if not place.is_dir() or not os.access(place, os.W_OK):
            yield Finding("storage", "problem", f"{folder} cannot be made", f"Make {place} writable for this user.")
        else:
            yield Finding("storage", "ok", f"will be made at the first start, in {folder}")
        return
    try:
        asyncio.run(_probe(url))
    except Exception as error:  # each kind of storage has its own errors
        reason = str(error) or f"no answer within {_STORAGE_WITHIN_S:.0f} s"
        cause = f" ({str(error.__cause__).splitlines()[0]})" if error.__cause__ else ""
        cure = "Make the folder writable for this user." if folder else "Check VISAVIS_STORAGE_URL and its credentials."
        yield Finding("storage", "problem", f"{without_secrets(url)}: {reason}{cause}", cure)
        return
    yield Finding("storage", "ok", f"{without_secrets(url)}: writes, reads and deletes")


async def _probe(url: str) -> None:
    key, data = f"doctor-{uuid.uuid4()}", os.urandom(64)
    async with asyncio.timeout(_STORAGE_WITHIN_S):
        blobs = Blobs(url)
        await blobs.put(key, data)
        try:
            if await blobs.get(key) != data:
                raise OSError("what was read is not what was written")
        finally:
            await blobs.delete([key])


def cpu() -> Iterator[Finding]:
    quota = cpu_quota()
    words = "multiplies bfloat16" if has_bf16() else "does not multiply bfloat16"
    yield Finding("CPU", "ok", f"{quota} {'core' if quota == 1 else 'cores'} allowed, as many workers; {words}")


def disk(settings: Settings) -> Iterator[Finding]:
    place = _nearest(settings.home)
    if not place.is_dir() or not os.access(place, os.W_OK):
        cure = "Give this user the folder, or set VISAVIS_HOME to another."
        yield Finding("home", "problem", f"{place} is not a folder this user may write to", cure)
        return
    free = shutil.disk_usage(place).free
    found = f"{free / GIB:.1f} GiB free for {settings.home}"
    if free < LEAST_FREE_BYTES:
        yield Finding("disk", "problem", found, "Make room, or set VISAVIS_HOME to a folder on another disk.")
    else:
        yield Finding("disk", "ok", found)


def _nearest(path: Path) -> Path:
    """The path, or the first of its parents that exists."""
    return next(place for place in (path, *path.parents) if place.exists())
