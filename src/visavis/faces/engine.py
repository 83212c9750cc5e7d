"""The engine: pictures in, described faces out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from visavis.faces.alignment import align_faces
from visavis.faces.arrays import BoolArray, FloatArray, UInt8Array, check_image
from visavis.faces.backends import (
    BackendName,
    Network,
    OnnxRuntimeNetwork,
    OpenVinoNetwork,
    SplitNetwork,
    choose_backend,
)
from visavis.faces.calibration import Calibration
from visavis.faces.cpu import cpu_quota
from visavis.faces.detection import OUTPUTS, Detector, resize, shrink, suppress_overlaps, suppress_parts
from visavis.faces.embedding import Embedder
from visavis.faces.geometry import can_be_aligned
from visavis.faces.landmarks import look_again
from visavis.faces.packs import ModelPack, default_pack
from visavis.faces.prepared import prepared_graph
from visavis.faces.quality import is_frontal, sharpness
from visavis.faces.records import Detections, Faces, joined

DetectionMode = Literal["fast", "standard", "thorough"]


@dataclass(frozen=True, slots=True)
class DetectionPlan:
    """At which sizes a picture is searched, and what counts as a face."""

    longest_sides_px: tuple[int, ...]  # falling
    min_score: float

    def looks_px(self, longest_px: int) -> list[int]:
        """The longest sides at which a picture of ``longest_px`` is searched, falling; at least one.

        Never above its own size, and no two that differ by less than a third.
        """
        looks = [min(self.longest_sides_px[0], longest_px)]
        looks += [side for side in self.longest_sides_px[1:] if side * 4 <= looks[0] * 3]
        return looks


DETECTION_PLANS: dict[DetectionMode, DetectionPlan] = {
    "fast": DetectionPlan((640,), 0.6),
    # YuNet misses faces of more than about 450 px, so a selfie is lost at 1280; the look at 480 finds it,
    # for a tenth of the time.
    "standard": DetectionPlan((1280, 480), 0.7),
    "thorough": DetectionPlan((2560, 1280, 480), 0.7),
}
_ENLARGED_PX = 1280
RECOGNISER_OUTPUTS = ["fc1"]
TRUNK_OUTPUTS = ["features"]

# One network serves all of these: any number of crops is few runs of its second half.
SPLIT_BATCHES = (16, 8, 4, 2, 1)

# Batches of eight are no faster than of four, and each size costs 23 MiB.
OPENVINO_BATCHES = (1, 4)


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFaces:
    """The faces of a picture, cut out and judged, not yet described; row i of every array is the same face."""

    detections: Detections
    crops: UInt8Array  # (N, S, S, 3), aligned
    sharpness: FloatArray  # (N,) in 0..1
    is_frontal: BoolArray  # (N,)


class FaceEngine:
    """Finds faces in pictures and describes them as embeddings.

    One engine per process, used from one thread at a time; build it once and pass it on. Processes that use
    it must be spawned, not forked: a fork after OpenCV has started its threads hangs.
    """

    backend_name: BackendName
    model_id: str  # embeddings compare only where this is equal
    calibration: Calibration
    pack: ModelPack
    embedding_size: int

    def __init__(
        self,
        pack: ModelPack,
        detector: Detector,
        embedder: Embedder,
        *,
        backend_name: BackendName,
        detection: DetectionMode = "standard",
    ) -> None:
        """For parts made elsewhere; :meth:`load` is the usual way."""
        if detection not in DETECTION_PLANS:
            raise ValueError(f"detection is one of {', '.join(DETECTION_PLANS)}, not {detection!r}")
        self.pack = pack
        self.model_id = pack.model_id
        self.calibration = pack.calibration
        self.embedding_size = pack.embedding_size
        self.backend_name = backend_name
        self._detector = detector
        self._embedder = embedder
        self._plan = DETECTION_PLANS[detection]

    @classmethod
    def load(
        cls,
        pack: ModelPack | None = None,
        *,
        cache_dir: Path | None = None,
        backend: Literal["auto", "onnxruntime", "openvino"] = "auto",
        detection: DetectionMode = "standard",
        flip: bool = False,
        threads: int = 1,
    ) -> FaceEngine:
        """Load the networks of a pack.

        Args:
            pack: None is :func:`default_pack`.
            cache_dir: where prepared graphs are kept (75 MB); without it every start prepares them anew.
            backend: "auto" takes OpenVINO where it is installed and the CPU has bfloat16.
            detection: "fast" searches at 640 px, "standard" at 1280 and 480, "thorough" at 2560, too.
            flip: average each embedding with the mirror image's; better by little, half as fast.
            threads: per engine, at most the CPU quota. Several processes with one thread each are faster
                than one with several. OpenCV's own pool, which is global, gets the same number.
        Raises:
            ModelPackError: a model file is missing, damaged or of another kind.
            BackendUnavailable: OpenVINO is asked for by name and not installed.
        """
        if threads < 1:
            raise ValueError(f"an engine has at least one thread, not {threads}")
        pack = default_pack() if pack is None else pack
        threads = min(threads, cpu_quota())
        cv2.setNumThreads(threads)
        backend_name = choose_backend(backend)
        detector = OnnxRuntimeNetwork(
            prepared_graph(pack.detector, "detector", cache_dir), OUTPUTS, threads=threads, fixed_shape=False
        )
        recogniser = _load_recogniser(pack, backend_name, cache_dir, threads)
        embedder = Embedder(recogniser, pack.embedding_size, flip=flip)
        return cls(pack, Detector(detector), embedder, backend_name=backend_name, detection=detection)

    @property
    def longest_side_px(self) -> int:
        """The largest size at which a picture is searched: more pixels than that are not looked at."""
        return max(self._plan.longest_sides_px)

    @property
    def min_detection_score(self) -> float:
        """From here up, what the detector finds counts as a face."""
        return self._plan.min_score

    def detect(self, image_rgb: UInt8Array, *, persistent: bool = False) -> Detections:
        """Find the faces of one upright picture, (H, W, 3) uint8 RGB; best first, possibly none.

        Faces whose landmarks coincide are left out: they could not be aligned.

        Args:
            persistent: somebody should be there: where nobody is found, look again at other scales.
        Raises:
            ValueError: not such an array.
            DetectionFailed: the runtime failed.
        """
        image_rgb = check_image(image_rgb)
        found = self._search(image_rgb)
        if persistent and not len(found):
            found = self._search_again(image_rgb)
        if self.pack.landmark_policy == "second-look":
            found = look_again(self._detector, image_rgb, found)
        return found[can_be_aligned(found.landmarks_xy)]

    def describe(self, image_rgb: UInt8Array, detections: Detections) -> Faces:
        """Align, embed and judge faces found in this picture (or elsewhere, in its pixels).

        Raises:
            as :meth:`align` and :meth:`embed`, the two halves of this.
        """
        (faces,) = self.embed([self.align(image_rgb, detections)])
        return faces

    def align(self, image_rgb: UInt8Array, detections: Detections) -> AlignedFaces:
        """Cut out and judge faces found in this picture; the picture is not needed any more.

        Raises:
            ValueError: ``image_rgb`` is no picture.
            DegenerateLandmarks: the landmarks of a face coincide.
        """
        image_rgb = check_image(image_rgb)
        crops = align_faces(image_rgb, detections.landmarks_xy, self.pack.crop_side_px)
        return AlignedFaces(detections, crops, sharpness(crops), is_frontal(detections.landmarks_xy))

    def embed(self, pictures: Sequence[AlignedFaces]) -> list[Faces]:
        """Describe the faces of many pictures together, which takes less time than one picture after the other.

        Raises:
            EmbeddingFailed: the runtime failed.
        """
        if not pictures:
            return []
        embeddings = self._embedder.embed(np.concatenate([each.crops for each in pictures]))
        ends = np.cumsum([len(each.crops) for each in pictures])[:-1]
        return [
            Faces(
                each.detections.boxes_xyxy,
                each.detections.landmarks_xy,
                each.detections.detection_scores,
                own,
                each.sharpness,
                each.is_frontal,
            )
            for each, own in zip(pictures, np.split(embeddings, ends), strict=True)
        ]

    def analyze(self, images: Sequence[UInt8Array]) -> list[Faces]:
        """Detect and describe the faces of each picture; one :class:`Faces` a picture, in their order.

        Raises:
            as :meth:`detect` and :meth:`describe`. Pictures are checked before any is worked on.
        """
        checked = [check_image(image) for image in images]
        return self.embed([self.align(image, self.detect(image)) for image in checked])

    def _search(self, image_rgb: UInt8Array) -> Detections:
        longest_px, looks, shrunk = max(image_rgb.shape[:2]), [], image_rgb
        for side_px in self._plan.looks_px(longest_px):
            shrunk = shrink(shrunk, side_px)  # from the look before: cheaper than from the picture
            found = self._detector.detect(shrunk, self._plan.min_score)
            factor_xy = (image_rgb.shape[1] / shrunk.shape[1], image_rgb.shape[0] / shrunk.shape[0])
            looks.append(found.scaled(factor_xy))
        return looks[0] if len(looks) == 1 else suppress_parts(suppress_overlaps(joined(looks)))

    def _search_again(self, image_rgb: UInt8Array) -> Detections:
        longest_px = max(image_rgb.shape[:2])
        for side_px in _other_scales_px(longest_px):
            scaled = resize(image_rgb, side_px)
            found = self._detector.detect(scaled, self._plan.min_score)
            if len(found):
                return found.scaled((image_rgb.shape[1] / scaled.shape[1], image_rgb.shape[0] / scaled.shape[0]))
        return Detections.none()


def _other_scales_px(longest_px: int) -> list[int]:
    """Longest sides at which a picture is searched where nobody was found: enlarged first, for small printed faces."""
    enlarged = min(2 * longest_px, _ENLARGED_PX)
    sides = [enlarged] if enlarged * 3 >= longest_px * 4 else []
    return sides + [side for side in (640, 320, 160) if side * 4 <= longest_px * 3]


def _load_recogniser(pack: ModelPack, backend: BackendName, cache_dir: Path | None, threads: int) -> dict[int, Network]:
    """Networks by batch size."""
    if backend == "openvino":
        graph = prepared_graph(pack.recogniser, "recogniser-prelu", cache_dir)
        return {
            size: OpenVinoNetwork(
                graph,
                RECOGNISER_OUTPUTS,
                threads=threads,
                input_shape=(size, 3, pack.crop_side_px, pack.crop_side_px),
            )
            for size in OPENVINO_BATCHES
        }
    trunk = prepared_graph(pack.recogniser, "recogniser-trunk", cache_dir)
    head = prepared_graph(pack.recogniser, "recogniser-head", cache_dir)
    network = SplitNetwork(
        OnnxRuntimeNetwork(trunk, TRUNK_OUTPUTS, threads=threads, fixed_shape=True),
        OnnxRuntimeNetwork(head, RECOGNISER_OUTPUTS, threads=threads, fixed_shape=False),
    )
    return dict.fromkeys(SPLIT_BATCHES, network)
