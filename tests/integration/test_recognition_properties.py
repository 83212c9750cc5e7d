"""Whatever happens in whatever order, what is stored of people agrees with itself."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.gallery import SIZE, Gallery, direction
from visavis.records import Author
from visavis.store.database import Database

# Four people who are somewhat alike, so that faces of two often land in one group.
PEOPLE = 4


def portrait(person: int, aside: int, lean: float) -> np.ndarray:
    """A face of a person, which leans towards another direction."""
    base = direction(person) + np.float32(0.6) * direction(PEOPLE)
    embedding = base / np.linalg.norm(base) + np.float32(lean) * direction(aside)
    return (embedding / np.linalg.norm(embedding)).astype(np.float32)


faces = st.builds(
    portrait, st.integers(0, PEOPLE - 1), st.integers(0, SIZE - 1), st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2])
)
pictures = st.lists(st.lists(faces, min_size=0, max_size=3), min_size=1, max_size=3)
chosen = st.lists(st.integers(0, 30), min_size=1, max_size=4)
authors = st.sampled_from([Author.MANUAL, Author.REVIEW])
steps = st.one_of(
    st.tuples(st.just("enrol"), pictures, authors),
    st.tuples(st.just("name"), chosen, authors),
    st.tuples(st.just("add"), chosen, authors),
    st.tuples(st.just("remove"), chosen, authors),
    st.tuples(st.just("delete"), chosen, authors),
)


@settings(
    max_examples=80,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=pictures, story=st.lists(steps, min_size=3, max_size=12))
async def test_everything_agrees_after_any_story(database: Database, first: list, story: list) -> None:
    gallery = await Gallery.make(database)
    seen: list[UUID] = [face for picture in await gallery.enrol(*first) for face in picture]
    people: list[UUID] = []
    for step, argument, author in story:
        if step == "enrol":
            seen += [face for picture in await gallery.enrol(*argument) for face in picture]
            await gallery.check()
            continue
        which = list(dict.fromkeys(seen[number % len(seen)] for number in argument)) if seen else []
        person = people[argument[0] % len(people)] if people else None
        if step == "name":
            people.append((await gallery.name(*which, author=author)).id)
        elif person is None:
            continue
        elif step == "add":
            await gallery.update(person, add=which, author=author)
        elif step == "remove":
            await gallery.update(person, remove=which, author=author)
        else:
            await gallery.delete(person)
            people.remove(person)
        await gallery.check()
    stored = await gallery.rows("SELECT id FROM face WHERE namespace_id = %(namespace_id)s")
    assert sorted(row["id"] for row in stored) == sorted(seen)
