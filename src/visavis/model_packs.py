"""Model packs of the operator's own: from a folder, or fetched once from an address."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from pathlib import Path
from urllib.parse import urljoin

from visavis.errors import FetchError, ModelPackError
from visavis.faces import ModelPack, load_pack
from visavis.media.fetch import Fetcher

MANIFEST = "pack.json"

_MAX_FILE_BYTES = 2 * 1024**3
_TIMEOUT_S = 600.0


def obtain_pack(where: str, cache_folder: Path) -> ModelPack:
    """Load a pack from a folder, or from the address of its ``pack.json``.

    A pack that was fetched is kept under ``cache_folder`` and not fetched again; its files are checked against the
    digests of its manifest whenever it is loaded.

    Raises:
        ModelPackError: it cannot be fetched, or is damaged.
    """
    if not where.startswith(("http://", "https://")):
        return load_pack(Path(where).expanduser())
    folder = cache_folder / "packs" / hashlib.sha256(where.encode()).hexdigest()[:16]
    if not (folder / MANIFEST).exists():
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_fetch(where, folder))
    return load_pack(folder)


async def _fetch(url: str, folder: Path) -> None:
    # The operator named this address, on whatever network it is.
    async with Fetcher(timeout_s=_TIMEOUT_S, max_bytes=_MAX_FILE_BYTES, allow_private=True) as fetcher:
        try:
            manifest = (await fetcher.fetch(url)).data
            for name, sha256 in _files(manifest, url):
                data = (await fetcher.fetch(urljoin(url, name))).data
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise ModelPackError(f"{urljoin(url, name)} is not the file that {url} means: its SHA-256 differs.")
                _write(folder / name, data)
        except FetchError as error:
            raise ModelPackError(f"The model pack {url} could not be fetched: {error.message}") from error
    # Last, so that a pack that was fetched half is fetched again.
    _write(folder / MANIFEST, manifest)


def _files(manifest: bytes, url: str) -> list[tuple[str, str]]:
    """The files that a manifest names, with their digests; load_pack() checks the rest."""
    try:
        pack = json.loads(manifest)
        files = [(str(pack[part]["file"]), str(pack[part]["sha256"]).lower()) for part in ("detector", "recogniser")]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelPackError(f"{url} is not the manifest of a model pack.") from error
    for name, _ in files:
        if Path(name).name != name or name == MANIFEST:
            raise ModelPackError(f"{url} names the file {name!r}, which does not lie beside it.")
    return files


def _write(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, path)
