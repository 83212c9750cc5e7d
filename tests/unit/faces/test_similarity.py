from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import EmbeddingFailed
from visavis.faces import cosine, cosine_matrix, mean_embedding

UNIT = np.eye(3, dtype=np.float32)


def test_cosine_is_one_with_itself_and_nought_at_right_angles() -> None:
    assert cosine(UNIT[0], UNIT[0]) == 1
    assert cosine(UNIT[0], UNIT[1]) == 0
    np.testing.assert_array_equal(cosine_matrix(UNIT[:2], UNIT), np.eye(3)[:2])


def test_a_mean_embedding_has_unit_length_and_lies_between() -> None:
    mean = mean_embedding(UNIT[:2])
    assert np.linalg.norm(mean) == pytest.approx(1)
    assert cosine(mean, UNIT[0]) == pytest.approx(cosine(mean, UNIT[1]))


def test_a_mean_of_nothing_or_of_opposites_is_refused() -> None:
    with pytest.raises(ValueError, match=r"N >= 1"):
        mean_embedding(UNIT[:0])
    with pytest.raises(EmbeddingFailed):
        mean_embedding(np.stack([UNIT[0], -UNIT[0]]))
