"""The story, step by step; each step shows its figures and is checked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from visavis import samples
from visavis.cli.demo.client import DemoClient, Json
from visavis.cli.demo.film import Scene, duration_s, make_film, shows
from visavis.errors import VisavisError
from visavis.media.crops import encode_jpeg

NAMESPACE = "office"
VIEWS_EACH = 5
SIDE_PX = 320

# Views of this seed were never sent before the name was given.
_NEW_SEED = 99


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One row of the contact sheet: a group, the name of its identity if it has one, and its pictures."""

    title: str
    name: str | None
    pictures: list[tuple[bytes, Json]]  # JPEG and the face in it


@dataclass(frozen=True, slots=True)
class Album:
    """What the story found: groups, moments of the film, and pictures in which there was nobody."""

    portfolios: list[Portfolio]
    without_faces: list[bytes]


def tell(client: DemoClient, console: Console) -> Album:
    """Tell the story.

    Raises:
        VisavisError: a step went wrong; the message says which.
    """
    eileen, grace, luis = samples.PEOPLE
    empty = [(f"no face: {subject}", encode_jpeg(image)) for subject, image in samples.without_faces().items()]
    batch = [
        (f"{name}, view {number}", view.jpeg)
        for name in samples.PEOPLE
        for number, view in enumerate(samples.views(name, VIEWS_EACH, side_px=SIDE_PX), 1)
    ]
    _recognise_a_batch(client, console, [*batch, *empty])
    groups = _look_at_groups(client, console)
    identity = _name_a_group(client, console, groups, grace)
    newcomers = [
        *((f"{name}, new view", _new_view(name)) for name in (grace, eileen, luis)),
        ("a man never seen before", encode_jpeg(samples.stranger())),
    ]
    _recognise_newcomers(client, console, newcomers, identity, known=f"{grace}, new view")
    _match(client, console, identity, newcomers, shown_in=f"{grace}, new view")
    _check_ids(client, console)
    moments = _find_in_a_film(client, console, grace)
    return _album(client, {identity["id"]: identity["customId"]}, moments, [data for _, data in empty])


def _new_view(person: str) -> bytes:
    return samples.views(person, 1, seed=_NEW_SEED, side_px=SIDE_PX)[0].jpeg


def _recognise_a_batch(client: DemoClient, console: Console, pictures: Sequence[tuple[str, bytes]]) -> None:
    begun = time.monotonic()
    job = client.recognize(NAMESPACE, pictures)
    seconds = time.monotonic() - begun
    table = Table("picture", "status", "faces", "confidence", title="1. Recognise a batch", title_justify="left")
    for image in job["images"]:
        scores = ", ".join(f"{face['confidence']:.3f}" for face in image["objects"])
        table.add_row(image["customId"], image["status"].lower(), str(len(image["objects"])), scores)
    console.print(table)
    console.print(
        f"   {len(pictures)} pictures in one job, {seconds:.1f} s until it had ended (workers warm up in it)\n"
    )
    for image in job["images"]:
        expected = 0 if image["customId"].startswith("no face") else 1
        _check(len(image["objects"]) == expected, f"{image['customId']}: {expected} faces expected in {image}")


def _look_at_groups(client: DemoClient, console: Console) -> list[Json]:
    groups = client.groups(NAMESPACE)
    table = Table("group", "faces", "whose pictures they are", title="2. Groups appear", title_justify="left")
    for group in groups:
        table.add_row(group["id"][:8], str(len(group["images"])), ", ".join(sorted(_people(group))))
    console.print(table)
    console.print("   Made by similarity alone: nobody has told the server a name.\n")
    _check(len(groups) == len(samples.PEOPLE), f"{len(samples.PEOPLE)} groups expected, there are {len(groups)}")
    for group in groups:
        _check(len(_people(group)) == 1, f"group {group['id']} holds several people: {_people(group)}")
        _check(len(group["images"]) == VIEWS_EACH, f"group {group['id']} does not hold all views")
    return groups


def _name_a_group(client: DemoClient, console: Console, groups: Sequence[Json], person: str) -> Json:
    [group] = [group for group in groups if _people(group) == {person}]
    identity = client.name(NAMESPACE, person, [face["id"] for face in group["images"]])
    table = Table("group", "identity", "customId", "faces", title="3. One gets a name", title_justify="left")
    table.add_row(group["id"][:8], identity["id"][:8], identity["customId"], str(len(identity["images"])))
    console.print(table)
    console.print()
    _check(len(identity["images"]) == VIEWS_EACH, "the identity does not have the faces it was given")
    return identity


def _recognise_newcomers(
    client: DemoClient, console: Console, pictures: Sequence[tuple[str, bytes]], identity: Json, *, known: str
) -> None:
    job = client.recognize(NAMESPACE, pictures)
    table = Table("new picture", "recognised as", "confidence", title_justify="left")
    table.title = "4. New pictures: one is recognised, strangers stay unknown"
    for image in job["images"]:
        for face in image["objects"]:
            recognised = "identityId" in face
            table.add_row(
                image["customId"],
                f"[green]{identity['customId']}[/]" if recognised else "unknown",
                f"{face['confidence']:.3f}" if recognised else "",
            )
    console.print(table)
    console.print("   A confidence of 0.5 is the threshold: one stranger in 10,000 would pass it.\n")
    for image in job["images"]:
        _check(len(image["objects"]) == 1, f"{image['customId']}: one face expected in {image}")
        recognised_as = image["objects"][0].get("identityId")
        expected = identity["id"] if image["customId"] == known else None
        _check(recognised_as == expected, f"{image['customId']}: recognised as {recognised_as}, expected {expected}")


def _match(
    client: DemoClient, console: Console, identity: Json, pictures: Sequence[tuple[str, bytes]], *, shown_in: str
) -> None:
    target = [face["url"] for face in identity["images"][:2]]
    job = client.match(target, list(reversed(pictures)))
    chosen = job["jobResults"].get("image", {})
    table = Table("picture", "is it the target?", title_justify="left")
    table.title = f"5. One question: in which of these is the person of two pictures of {identity['customId']}?"
    for image in job["imageResults"]:
        is_chosen = image["id"] == chosen.get("id")
        table.add_row(image["customId"], "[green]the first that shows the target[/]" if is_chosen else "")
    console.print(table)
    console.print("   No group, no name, no namespace: the embeddings were deleted with the decision.\n")
    _check(chosen.get("customId") == shown_in, f"{shown_in} expected as the chosen picture in {job}")


def _check_ids(client: DemoClient, console: Console) -> None:
    eileen, grace, _ = samples.PEOPLE
    card = encode_jpeg(samples.id_card(eileen))
    table = Table("selfie", "ID photo", "verdict", "score", title_justify="left")
    table.title = "6. Another dialect: does the selfie show the person on the ID photo?"
    for person, expected in ((eileen, "Match"), (grace, "NoMatch")):
        result = client.photo_match(_new_view(person), card)["result"]
        style = "green" if result["match"] else "red"
        table.add_row(person, f"card of {eileen}", f"[{style}]{result['comment']}[/]", f"{result['score']:.4f}")
        _check(result["status"] == expected, f"{person} against the card of {eileen}: {result}")
    console.print(table)
    console.print()


def _find_in_a_film(client: DemoClient, console: Console, person: str) -> Portfolio:
    eileen, grace, luis = samples.PEOPLE
    scenes = (Scene(4, (grace,)), Scene(3), Scene(4, (eileen,)), Scene(5, (luis, grace)))
    begun = time.monotonic()
    match = client.find_in_video(_new_view(person), make_film(scenes, seed=_NEW_SEED + 1))
    seconds = time.monotonic() - begun
    table = Table("on screen", "most alike at", "similarity", title_justify="left")
    table.title = f"7. The third dialect: when in a film of {duration_s(scenes)} s is {person} on screen?"
    for each in match["appearances"]:
        table.add_row(
            f"{each['start_time_seconds']:g} s to {each['end_time_seconds']:g} s",
            f"{each['best']['timestamp']:g} s",
            f"{each['best']['similarity']:.2f}",
        )
    coverage = match["coverage"]
    console.print(table)
    console.print(
        f"   {coverage['frames_looked_at']} of {coverage['frames_in_file']} frames looked at, in {seconds:.1f} s. Who "
        f"is there for less than {coverage['shortest_missable_seconds']:g} s may be missed, and the answer says so.\n"
    )
    # One frame a second: the last one that shows her is up to a second before she goes.
    found = [(each["start_time_seconds"], each["end_time_seconds"] + 1) for each in match["appearances"]]
    expected = shows(scenes, person)
    _check(found == expected, f"{person} expected at {expected}, found at {found}")
    times = ", ".join(f"{start_s}-{end_s} s" for start_s, end_s in expected)
    pictures = [(client.picture(each["best"]["thumbnail_url"]), _in_corners(each)) for each in match["appearances"]]
    return Portfolio(title=f"in a film, {times}", name=person, pictures=pictures)


def _in_corners(appearance: Json) -> Json:
    box = appearance["best"]["face_bounding_box"]
    right, bottom = box["left"] + box["width"], box["top"] + box["height"]
    return {"boundingBox": {"xMin": box["left"], "yMin": box["top"], "xMax": right, "yMax": bottom}}


def _album(client: DemoClient, names: dict[str, str], moments: Portfolio, empty: list[bytes]) -> Album:
    portfolios = []
    for group in client.groups(NAMESPACE):
        name = names.get(group.get("identityId", ""))
        link = f", linked {group['linkModifiedBy']}" if name else ""
        portfolios.append(
            Portfolio(
                title=f"group {group['id'][:8]}, {_count(len(group['images']), 'face')}{link}",
                name=name,
                pictures=[(client.picture(face["url"]), face) for face in group["images"]],
            )
        )
    portfolios.sort(key=lambda each: (each.name is None, -len(each.pictures)))
    return Album([*portfolios, moments], empty)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _people(group: Json) -> set[str]:
    return {face["customId"].partition(",")[0] for face in group["images"]}


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise VisavisError(f"The demo went wrong: {otherwise}")
