"""Pixels to faces to embeddings to calibrated similarity.

The room is pure: no network, no database, no settings; the disk only to load models and to keep their
prepared graphs. docs/faces.md is its page.
"""

from visavis.faces.arrays import BoolArray, FloatArray, UInt8Array
from visavis.faces.calibration import Calibration
from visavis.faces.comparison import Comparison, compare
from visavis.faces.cpu import cpu_quota
from visavis.faces.engine import AlignedFaces, FaceEngine
from visavis.faces.packs import ModelFile, ModelPack, default_pack, load_pack
from visavis.faces.records import LANDMARK_ORDER, Detections, Face, Faces
from visavis.faces.similarity import cosine, cosine_matrix, mean_embedding

__all__ = [
    "LANDMARK_ORDER",
    "AlignedFaces",
    "BoolArray",
    "Calibration",
    "Comparison",
    "Detections",
    "Face",
    "FaceEngine",
    "Faces",
    "FloatArray",
    "ModelFile",
    "ModelPack",
    "UInt8Array",
    "compare",
    "cosine",
    "cosine_matrix",
    "cpu_quota",
    "default_pack",
    "load_pack",
    "mean_embedding",
]
