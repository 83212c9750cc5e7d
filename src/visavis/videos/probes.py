"""Whom to look for: the face of a picture that a client sent, described."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass

from visavis.errors import FetchError, ImageError, InvalidRequest
from visavis.faces import FaceEngine
from visavis.jobs.analysis import FoundFace, describe, look_at
from visavis.media.fetch import Fetcher
from visavis.media.images import ImageLimits
from visavis.records import Box, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A face to look for. ``embedding``: (D,) unit length, by ``model_id``."""

    box: Box
    model_id: str
    embedding: FloatArray


class Probes:
    """Makes probes; the engine runs in ``engine_thread``, which must have one thread only."""

    def __init__(self, fetcher: Fetcher, engine: FaceEngine, engine_thread: Executor) -> None:
        self._fetcher = fetcher
        self._engine = engine
        self._engine_thread = engine_thread

    async def of(self, data: bytes | None, url: str | None) -> Probe:
        """The largest face of a picture.

        Raises:
            InvalidRequest: there is none, or no picture; the message is for whoever sent it.
            EngineError: the engine failed.
        """
        try:
            found = data if data is not None else (await self._fetcher.fetch(url or "")).data
            loop = asyncio.get_running_loop()
            faces = await loop.run_in_executor(self._engine_thread, self._faces, found)
        except FetchError as error:
            raise InvalidRequest(f"The source picture could not be fetched: {error.message}") from error
        except ImageError as error:
            raise InvalidRequest(f"The source picture cannot be used: {error.message}") from error
        if not faces:
            raise InvalidRequest("There is no face in the source picture.")
        largest = max(faces, key=lambda face: face.box.area)
        return Probe(largest.box, self._engine.model_id, largest.embedding)

    def _faces(self, data: bytes) -> list[FoundFace]:
        look = look_at(self._engine, data, ImageLimits(), persistent=True)
        [faces] = describe(self._engine, [look])
        return faces
