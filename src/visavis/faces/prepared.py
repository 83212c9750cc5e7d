"""Prepared graphs, kept on disk: the rewriting is done once per model file, not at every start."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

from visavis.faces.packs import ModelFile

REWRITE_VERSION = 1  # raise it with every change of graphs.py that changes its results
_MAGIC = b"visavis graph 1\n"
_DIGEST_BYTES = 32

Kind = Literal["detector", "recogniser-prelu", "recogniser-trunk", "recogniser-head"]


def prepared_graph(file: ModelFile, kind: Kind, cache_dir: Path | None) -> bytes:
    """The rewritten ONNX graph of a model file, from the cache where it is whole, else made anew.

    The source is verified first, whatever the cache holds. A cache that cannot be written is no error.

    Raises:
        ModelPackError: the source is missing, damaged or of another kind.
    """
    source = file.read()
    if cache_dir is None:
        return _prepare(source, kind)
    path = cache_dir / f"{kind}-{file.sha256}-v{REWRITE_VERSION}.graph"
    cached = _read(path)
    if cached is not None:
        return cached
    graph = _prepare(source, kind)
    with suppress(OSError):  # a full or read-only disk costs the next start a second, nothing else
        _write(path, graph)
    return graph


def _prepare(source: bytes, kind: Kind) -> bytes:
    from visavis.faces import graphs, halves  # they import onnx, which takes longer than all else here

    match kind:
        case "detector":
            return graphs.prepare_detector(source)
        case "recogniser-prelu":
            return graphs.prepare_recogniser(source, keep_prelu=True)
        case "recogniser-trunk":
            return halves.prepare_trunk(source)
        case "recogniser-head":
            return halves.prepare_head(source)


def _read(path: Path) -> bytes | None:
    """The graph behind a header with its digest; None when there is none or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    header = len(_MAGIC) + _DIGEST_BYTES
    graph = content[header:]
    if content[:header] != _MAGIC + hashlib.sha256(graph).digest():
        return None
    return graph


def _write(path: Path, graph: bytes) -> None:
    """Write beside the target and rename, so that processes that start together never see half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(graph).digest())
            file.write(graph)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
