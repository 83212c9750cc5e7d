"""Small pictures of the people of the samples, made once a run."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image

from support.client import Json, blob
from visavis import samples
from visavis.faces import FaceEngine
from visavis.faces.alignment import align_faces

EILEEN, GRACE, LUIS = samples.PEOPLE
SIDE_PX = 224


@cache
def jpeg(name: str, number: int = 0) -> bytes:
    """View ``number`` of a person, as a JPEG file."""
    return samples.views(name, number + 1, seed=3, side_px=SIDE_PX)[number].jpeg


def picture(name: str, number: int = 0, custom_id: str | None = None) -> Json:
    """View ``number`` of a person, for a request."""
    return blob(jpeg(name, number), custom_id)


@cache
def encoded(image_format: str, name: str = EILEEN) -> bytes:
    """A person's first view in another file format."""
    file = io.BytesIO()
    Image.open(io.BytesIO(jpeg(name))).save(file, image_format)
    return file.getvalue()


@cache
def side_by_side(*shown: tuple[str, int]) -> bytes:
    """One JPEG of several views, each (person, number), from left to right."""
    views = [Image.open(io.BytesIO(jpeg(name, number))) for name, number in shown]
    together = Image.new("RGB", (SIDE_PX * len(views), SIDE_PX))
    for number, view in enumerate(views):
        together.paste(view, (SIDE_PX * number, 0))
    file = io.BytesIO()
    together.save(file, "JPEG", quality=92)
    return file.getvalue()


@cache
def on_the_left(shown: tuple[str, int]) -> bytes:
    """One JPEG, twice as wide as high, of a view on the left and nothing on the right."""
    together = Image.new("RGB", (SIDE_PX * 2, SIDE_PX))
    together.paste(Image.open(io.BytesIO(jpeg(*shown))), (0, 0))
    file = io.BytesIO()
    together.save(file, "JPEG", quality=92)
    return file.getvalue()


@cache
def sibling(name: str, other: str, share: float = 0.35) -> bytes:
    """Somebody who looks a little like a person, and is not: two faces blended, as a JPEG file."""
    engine = FaceEngine.load()
    faces = []
    for each in (name, other):
        image = np.asarray(Image.open(io.BytesIO(jpeg(each))).convert("RGB"))
        faces.append(align_faces(image, engine.detect(image).landmarks_xy[:1])[0].astype(np.float32))
    blended = (faces[0] * share + faces[1] * (1 - share)).astype(np.uint8)
    margin = SIDE_PX // 10
    canvas = Image.new("RGB", (SIDE_PX, SIDE_PX), tuple(int(each) for each in blended.mean(axis=(0, 1))))
    inner = SIDE_PX - 2 * margin
    canvas.paste(Image.fromarray(blended).resize((inner, inner), Image.Resampling.BICUBIC), (margin, margin))
    file = io.BytesIO()
    canvas.save(file, "JPEG", quality=95)
    return file.getvalue()


@cache
def empty_scene() -> bytes:
    """A photograph with nobody in it, as a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(samples.without_faces()["coffee"]).resize((240, 160)).save(file, "JPEG")
    return file.getvalue()
