"""Embedding: from an aligned crop to a unit vector."""

from __future__ import annotations

import numpy as np

from visavis.errors import EmbeddingFailed
from visavis.faces.arrays import FloatArray, UInt8Array
from visavis.faces.backends import Network

INPUT_MEAN = 127.5  # the prepared graph expects centred input, see graphs.fold_input_scaling


class Embedder:
    """Runs SFace crop by crop: batches push the activations out of the cache and are slower on a CPU.

    One crop at a time also means that a face's embedding does not depend on its neighbours.
    """

    def __init__(self, network: Network, embedding_size: int, *, flip: bool) -> None:
        self._network = network
        self._flip = flip
        self.embedding_size = embedding_size

    def embed(self, crops: UInt8Array) -> FloatArray:
        """(N, S, S, 3) aligned RGB crops to (N, D) unit vectors.

        With ``flip`` the mean of the crop's and its mirror image's vectors, for twice the time.

        Raises:
            EmbeddingFailed: the runtime failed, or the vector has no direction.
        """
        vectors = np.empty((len(crops), self.embedding_size), dtype=np.float32)
        for vector, crop in zip(vectors, crops, strict=True):
            vector[:] = self._vector(crop)
            if self._flip:
                vector += self._vector(crop[:, ::-1])
        return normalised(vectors)

    def _vector(self, crop: UInt8Array) -> FloatArray:
        planes = np.empty((1, 3, *crop.shape[:2]), dtype=np.float32)
        np.subtract(crop.transpose(2, 0, 1), np.float32(INPUT_MEAN), out=planes[0])
        try:
            (output,) = self._network.run(planes)
        except Exception as error:  # each runtime has its own
            raise EmbeddingFailed(f"Describing a face failed: {error}") from error
        vector: FloatArray = output[0]
        return vector


def normalised(vectors: FloatArray) -> FloatArray:
    """(N, D) vectors to unit length.

    Raises:
        EmbeddingFailed: a vector is zero or not finite.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise EmbeddingFailed("An embedding has no direction.")
    unit: FloatArray = vectors / lengths
    return unit
