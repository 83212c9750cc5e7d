"""``visavis import``: a folder a person becomes an identity a person, over HTTP like any client.

Nothing is remembered on this side. Each picture's custom id follows from its folder, its name and its bytes, every
job carries one feed id, and every identity its folder's name; so a second run learns from the server what the first
one did, wherever that one stopped, and does the rest.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from visavis.cli.import_client import MAX_FACES, Json, Server
from visavis.errors import InvalidRequest
from visavis.media.headers import sniff_media_type
from visavis.media.images import ImageLimits

MAX_IMAGES: Final = 64  # of a job, by the dialect
MAX_BLOB_CHARACTERS: Final = 32 * 1024 * 1024  # of a job, half of what a body may have
JOBS_AT_ONCE: Final = 4  # enough to keep the workers busy while the next pictures are read

# A failure of the server's own: the picture is sent again by the next run, and may then succeed.
_TRANSIENT: Final = frozenset({"UNKNOWN_ERROR", "DETECTION_ENGINE_ERROR", "MODEL_SERVICE_ERROR", "JOB_ERROR"})
_AMBIGUOUS_AREA: Final = 0.5  # of the largest face's


class Rejected(Exception):
    """A picture that cannot be used; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A file in a person's folder."""

    path: Path
    person: str  # the folder's name
    custom_id: str  # at most 64 characters


@dataclass
class Tally:
    """What became of everything."""

    photos: int = 0
    sent: int = 0
    accepted: int = 0
    made: int = 0
    extended: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def import_folder(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with one folder of pictures for each person.")
    ],
    namespace: Annotated[str, typer.Option(help="The namespace to import into; it comes into being by use.")],
    client_id: Annotated[
        str, typer.Option(envvar="VISAVIS_CLIENT_ID", help="From visavis app create.", show_default=False)
    ],
    client_secret: Annotated[
        str,
        typer.Option(envvar="VISAVIS_CLIENT_SECRET", help="The same; better in the variable than in the command."),
    ],
    url: Annotated[str, typer.Option(help="Where the server is.")] = "http://127.0.0.1:8000",
) -> None:
    """Make an identity of every folder in DIR. Needs a running server.

    The identity's custom id is the folder's name. In each picture the largest
    face counts; a picture whose second largest face has at least half its
    area is rejected, for who is meant? Every rejected picture is told with
    the reason.

    The command may be stopped and run again at any time: pictures that the
    server has are not sent again, identities that it has get what is new.

    Example, with staff/ada/1.jpg, staff/ada/2.jpg, staff/grace/portrait.png
    and the variables VISAVIS_CLIENT_ID and VISAVIS_CLIENT_SECRET set:
    visavis import staff --namespace office

    Exit code: 1 when nothing could be imported.
    """
    people = scan(folder)
    if not people:
        raise InvalidRequest(f"{folder} has no folder with pictures in it: each person needs one.")
    tally = Tally(photos=sum(map(len, people.values())))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Server(url, client_id, client_secret, namespace) as server:
        server.check()
        try:
            with Progress(*columns, console=Console(stderr=True)) as progress:
                task = progress.add_task("pictures", total=tally.photos)
                FolderImport(server, folder, tally, lambda: progress.advance(task)).run(people)
        except KeyboardInterrupt:
            typer.echo("Stopped. What is done is done; run the command again for the rest.", err=True)
            raise typer.Exit(130) from None
    _print(tally)
    if not tally.accepted:
        raise typer.Exit(1)


def scan(folder: Path) -> dict[str, list[Path]]:
    """The files of every person's folder, and of the folders in it; hidden ones are left out.

    Raises:
        InvalidRequest: there is no such folder, or a name that the server cannot be told.
    """
    if not folder.is_dir():
        raise InvalidRequest(f"There is no folder {folder}.")
    people: dict[str, list[Path]] = {}
    for home in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        files = sorted(
            path
            for path in home.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(home).parts)
        )
        if not home.name.isprintable():
            raise InvalidRequest(f"The folder name {home.name!r} cannot be an identity's custom id; rename the folder.")
        if files:
            people[home.name] = files
    return people


class FolderImport:
    """One run: sends what is new, and settles a person when all of their pictures have ended."""

    def __init__(self, server: Server, folder: Path, tally: Tally, advance: Callable[[], None]) -> None:
        self._server = server
        self._folder = folder
        self._tally = tally
        self._advance = advance
        self._known: dict[str, Json] = {}  # results by the picture's custom id
        self._open_jobs: dict[str, str] = {}  # job ids by the custom id of a picture that an earlier run has sent
        self._left: Counter[str] = Counter()  # pictures that have not ended, by person
        self._faces: defaultdict[str, list[str]] = defaultdict(list)

    def run(self, people: dict[str, list[Path]]) -> None:
        """Import every person."""
        for job in self._server.earlier_jobs():
            self._learn(job, send_again=_TRANSIENT)
        self._left.update({person: len(files) for person, files in people.items()})
        waiting: deque[tuple[str, list[Photo]]] = deque()  # job ids, oldest first
        for job_id, photos in self._jobs(self._read(people)):
            waiting.append((job_id, photos))
            if len(waiting) >= JOBS_AT_ONCE:
                self._end(*waiting.popleft())
        while waiting:
            self._end(*waiting.popleft())

    def _read(self, people: dict[str, list[Path]]) -> Iterator[tuple[Photo, bytes]]:
        """The pictures that still have to end, with their bytes; settles those that need nothing."""
        for person, files in people.items():
            for path in files:
                try:
                    photo, data = self._photo(path, person)
                except Rejected as reason:
                    self._reject(path, person, str(reason))
                    continue
                if photo.custom_id in self._known:
                    self._settle(photo)
                else:
                    yield photo, data

    def _photo(self, path: Path, person: str) -> tuple[Photo, bytes]:
        try:
            if path.stat().st_size > ImageLimits().max_bytes:
                raise Rejected("too large")
            data = path.read_bytes()
        except OSError as error:
            raise Rejected("unreadable") from error
        if sniff_media_type(data) is None:
            raise Rejected("unreadable")
        name = os.fsencode(path.relative_to(self._folder).as_posix())
        digest = hashlib.sha256(hashlib.sha256(name).digest() + hashlib.sha256(data).digest()).hexdigest()
        return Photo(path, person, f"import-{digest[:48]}"), data

    def _jobs(self, photos: Iterable[tuple[Photo, bytes]]) -> Iterator[tuple[str, list[Photo]]]:
        """Jobs to wait for, each with its pictures: those that run already, and new ones."""
        batch: list[Photo] = []
        images: list[Json] = []
        size = 0
        for photo, data in photos:
            if (job_id := self._open_jobs.get(photo.custom_id)) is not None:
                yield job_id, [photo]
                continue
            blob = base64.b64encode(data).decode()
            if batch and (len(batch) == MAX_IMAGES or size + len(blob) > MAX_BLOB_CHARACTERS):
                yield self._send(batch, images), batch
                batch, images, size = [], [], 0
            batch.append(photo)
            images.append({"blob": blob, "customId": photo.custom_id})
            size += len(blob)
        if batch:
            yield self._send(batch, images), batch

    def _send(self, batch: list[Photo], images: list[Json]) -> str:
        self._tally.sent += len(batch)
        return self._server.send(images)

    def _end(self, job_id: str, photos: list[Photo]) -> None:
        if any(photo.custom_id not in self._known for photo in photos):
            self._learn(self._server.wait(job_id))
        for photo in photos:
            self._settle(photo)

    def _learn(self, job: Json, *, send_again: frozenset[str] = frozenset()) -> None:
        for image in job["images"]:
            custom_id = image.get("customId", "")
            if image["status"] == "IN_PROGRESS":
                self._open_jobs[custom_id] = job["id"]
            elif image["status"] not in send_again:
                self._known[custom_id] = image

    def _settle(self, photo: Photo) -> None:
        """Take the face of a picture that has ended."""
        try:
            self._faces[photo.person].append(chosen_face(self._known[photo.custom_id]))
        except Rejected as reason:
            self._reject(photo.path, photo.person, str(reason))
            return
        self._tally.accepted += 1
        self._count_down(photo.person)

    def _reject(self, path: Path, person: str, reason: str) -> None:
        typer.echo(f"rejected {os.fsencode(path).decode(errors='replace')}: {reason}")
        self._tally.rejected[reason] += 1
        self._count_down(person)

    def _count_down(self, person: str) -> None:
        self._advance()
        self._left[person] -= 1
        if not self._left[person] and (faces := self._faces.pop(person, [])):
            self._identify(person, faces)

    def _identify(self, person: str, faces: list[str]) -> None:
        """Make the identity, or give it the faces that it lacks."""
        identity = self._server.identity(person)
        if identity is None:
            self._server.create_identity(person, faces)
            self._tally.made += 1
            return
        has = {face["id"] for face in identity["images"]}
        lacks = [face for face in faces if face not in has]
        for start in range(0, len(lacks), MAX_FACES):
            self._server.extend_identity(identity["id"], lacks[start : start + MAX_FACES])
        if lacks:
            self._tally.extended += 1
        else:
            self._tally.unchanged += 1


def chosen_face(image: Json) -> str:
    """The id of the face that counts in a picture's result.

    Raises:
        Rejected: there is none, or no telling which.
    """
    if image["status"] == "INVALID_IMAGE_FORMAT_ERROR":
        raise Rejected("unreadable")
    if image["status"] != "COMPLETED_SUCCESSFULLY":
        raise Rejected(f"the server failed ({image['status']}); run the command again")
    faces = sorted(image["objects"], key=_area, reverse=True)
    if not faces:
        raise Rejected("no face")
    if len(faces) > 1 and _area(faces[1]) >= _AMBIGUOUS_AREA * _area(faces[0]):
        raise Rejected("several faces")
    return str(faces[0]["imageId"])


def _area(face: Json) -> float:
    box = face["boundingBox"]
    return float((box["xMax"] - box["xMin"]) * (box["yMax"] - box["yMin"]))


def _print(tally: Tally) -> None:
    table = Table("imported", "", title="Import")
    table.add_row("pictures found", str(tally.photos))
    table.add_row("sent now", str(tally.sent))
    table.add_row("in identities", str(tally.accepted), style="bold")
    for reason, count in sorted(tally.rejected.items()):
        table.add_row(f"rejected: {reason}", str(count), style="yellow")
    table.add_row("identities made", str(tally.made), style="bold")
    table.add_row("identities extended", str(tally.extended))
    table.add_row("identities as they were", str(tally.unchanged))
    Console().print(table)
