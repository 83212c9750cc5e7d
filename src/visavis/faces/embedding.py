"""Embedding: from an aligned crop to a unit vector."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from visavis.errors import EmbeddingFailed
from visavis.faces.arrays import FloatArray, UInt8Array
from visavis.faces.backends import Network

INPUT_MEAN = 127.5  # the prepared graph expects centred input, see graphs.fold_input_scaling


class Embedder:
    """Runs SFace on crops, in batches of the sizes that there are networks for.

    Args:
        networks: by batch size; there is one for single crops. Four at a time save OpenVINO a sixth in bfloat16; for
            ONNX Runtime only the last layer gains by company, so its network takes the others crop by crop.
    """

    def __init__(self, networks: Mapping[int, Network], embedding_size: int, *, flip: bool) -> None:
        if 1 not in networks:
            raise ValueError("there is no network for a single crop")
        self._networks = sorted(networks.items(), reverse=True)
        self._flip = flip
        self.embedding_size = embedding_size

    def embed(self, crops: UInt8Array) -> FloatArray:
        """(N, S, S, 3) aligned RGB crops to (N, D) unit vectors.

        With ``flip`` the mean of the crop's and its mirror image's vectors, for twice the time.

        Raises:
            EmbeddingFailed: the runtime failed, or the vector has no direction.
        """
        vectors = self._vectors(crops)
        if self._flip:
            vectors += self._vectors(crops[:, :, ::-1])
        return normalised(vectors)

    def _vectors(self, crops: UInt8Array) -> FloatArray:
        vectors = np.empty((len(crops), self.embedding_size), dtype=np.float32)
        begin = 0
        for size, network in self._networks:
            while begin + size <= len(crops):
                vectors[begin : begin + size] = _run(network, crops[begin : begin + size])
                begin += size
        return vectors


def _run(network: Network, crops: UInt8Array) -> FloatArray:
    planes = np.empty((len(crops), 3, *crops.shape[1:3]), dtype=np.float32)
    np.subtract(crops.transpose(0, 3, 1, 2), np.float32(INPUT_MEAN), out=planes)
    try:
        (vectors,) = network.run(planes)
    except Exception as error:  # each runtime has its own
        raise EmbeddingFailed(f"Describing a face failed: {error}") from error
    return vectors


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
