from __future__ import annotations

import numpy as np
import pytest

from visavis import samples


@pytest.mark.parametrize("name", samples.PEOPLE)
def test_a_portrait_is_an_rgb_photograph(name):
    image_rgb = samples.portrait(name)
    assert image_rgb.dtype == np.uint8
    assert image_rgb.ndim == 3
    assert image_rgb.shape[2] == 3
    assert min(image_rgb.shape[:2]) >= 250


def test_there_are_photographs_without_anybody():
    images = samples.without_faces()
    assert {"cat", "coffee", "page"} <= images.keys()
    assert all(image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 for image in images.values())


@pytest.mark.parametrize("name", samples.PEOPLE)
def test_views_are_the_same_each_time_and_differ_from_each_other(name):
    few, many = samples.views(name, 3, side_px=96), samples.views(name, 5, side_px=96)
    assert [view.jpeg for view in few] == [view.jpeg for view in many[:3]]
    assert len({view.jpeg for view in many}) == len({view.label for view in many}) == 5
    assert all(view.image_rgb.shape == (96, 96, 3) for view in many)


def test_another_seed_or_person_gives_other_views():
    first = samples.views("Grace Hopper", 1)[0]
    assert samples.views("Grace Hopper", 1, seed=1)[0].label != first.label
    assert samples.views("Eileen Collins", 1)[0].label != first.label


def test_nobody_of_that_name():
    with pytest.raises(KeyError):
        samples.portrait("Ada Lovelace")


def test_a_missing_package_names_the_cure(monkeypatch):
    monkeypatch.setattr(samples, "find_spec", lambda package: None)
    with pytest.raises(samples.SamplesMissingError, match=r'pip install "visavis\[samples\]"'):
        samples.portrait("Eileen Collins")
