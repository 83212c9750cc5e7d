from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from visavis import samples
from visavis.errors import DegenerateLandmarks, InvalidRequest
from visavis.faces import Detections, FaceEngine, UInt8Array, compare, cosine
from visavis.faces.engine import DETECTION_PLANS
from visavis.faces.geometry import iou


def one(engine: FaceEngine, image: UInt8Array) -> np.ndarray:
    (faces,) = engine.analyze([image])
    return faces.embeddings[faces.largest()]


def turned(image: UInt8Array, degrees: float) -> UInt8Array:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)


def relit(image: UInt8Array, gamma: float) -> UInt8Array:
    return (255 * (image / 255) ** gamma).astype(np.uint8)


def test_every_person_is_found_where_they_are(engine: FaceEngine, people: dict[str, UInt8Array]) -> None:
    where = {  # centres, read off the pictures
        "ada": (223, 119),
        "grace": (245, 190),
        "luis": None,
    }
    for name, faces in zip(people, engine.analyze(list(people.values())), strict=True):
        assert len(faces) == 1, name
        face = faces.face(0)
        assert face.detection_score > 0.7
        assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5)
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks_xy
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_eye[1] < nose[1] < left_mouth[1]
        assert left_mouth[0] < right_mouth[0]
        x0, y0, x1, y1 = face.box_xyxy
        if (centre := where[name]) is not None:
            assert x0 < centre[0] < x1
            assert y0 < centre[1] < y1


def test_different_people_do_not_match(engine: FaceEngine, people: dict[str, UInt8Array]) -> None:
    ada, grace, luis = (one(engine, image) for image in people.values())
    assert max(cosine(ada, grace), cosine(ada, luis), cosine(grace, luis)) < 0.372


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(lambda image: image[:, ::-1], id="mirrored"),
        pytest.param(lambda image: turned(image, 15), id="turned"),
        pytest.param(lambda image: relit(image, 1.8), id="darker"),
        pytest.param(lambda image: relit(image, 0.6), id="brighter"),
        pytest.param(lambda image: cv2.resize(image, None, fx=0.5, fy=0.5), id="half size"),
        pytest.param(lambda image: cv2.resize(image, None, fx=3, fy=3), id="three times"),
        pytest.param(lambda image: image[10:, 10:], id="cropped"),
    ],
)
def test_another_view_of_a_person_matches(engine: FaceEngine, people: dict[str, UInt8Array], view: object) -> None:
    for image in people.values():
        other = np.ascontiguousarray(view(image))  # type: ignore[operator]
        assert cosine(one(engine, image), one(engine, other)) > engine.calibration.strict_threshold


def test_pictures_without_a_face_have_none(engine: FaceEngine) -> None:
    import skimage.data

    page = np.repeat(skimage.data.page()[..., None], 3, axis=2)
    for faces in engine.analyze([skimage.data.chelsea(), skimage.data.coffee(), page]):
        assert len(faces) == 0
        assert faces.embeddings.shape == (0, engine.embedding_size)


def test_no_pictures_give_no_results(engine: FaceEngine) -> None:
    assert engine.analyze([]) == []


@pytest.mark.parametrize("shape", [(1, 1), (5000, 10), (10, 5000), (33, 32), (1, 3000)])
def test_pictures_of_strange_shapes_are_searched_in_every_mode(engine: FaceEngine, shape: tuple) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    for mode in DETECTION_PLANS:
        other = FaceEngine(engine.pack, engine._detector, engine._embedder, backend_name="onnxruntime", detection=mode)
        assert len(other.analyze([image])[0]) == 0


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((8, 8, 3), np.float32), "uint8"),
        (np.zeros((8, 8), np.uint8), "shape"),  # grey
        (np.zeros((8, 8, 4), np.uint8), "shape"),  # with alpha
        (np.zeros((0, 8, 3), np.uint8), "shape"),
        ([[0]], "numpy array"),
    ],
)
def test_what_is_no_picture_is_refused_before_any_work(
    engine: FaceEngine, ada: UInt8Array, image: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        engine.analyze([ada, image])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=message):
        engine.describe(image, Detections.none())  # type: ignore[arg-type]


def test_a_view_that_is_not_contiguous_gives_the_same_face(engine: FaceEngine, ada: UInt8Array) -> None:
    wide = np.zeros((512, 1024, 3), np.uint8)
    wide[:, ::2] = ada
    view = wide[:, ::2]
    assert not view.flags.c_contiguous
    np.testing.assert_allclose(one(engine, view), one(engine, ada), atol=1e-5)


def test_pictures_are_never_written_to(engine: FaceEngine, ada: UInt8Array) -> None:
    frozen = ada.copy()
    frozen.setflags(write=False)
    assert len(engine.analyze([frozen])[0]) == 1


def test_several_faces_in_a_picture_are_found_best_first(engine: FaceEngine, people: dict[str, UInt8Array]) -> None:
    side_by_side = np.concatenate([cv2.resize(image, (400, 400)) for image in people.values()], axis=1)
    (faces,) = engine.analyze([side_by_side])
    assert len(faces) == 3
    assert (np.diff(faces.detection_scores) <= 0).all()
    alone = [one(engine, image) for image in people.values()]
    by_place = faces[np.argsort(faces.boxes_xyxy[:, 0])]
    for expected, found in zip(alone, by_place.embeddings, strict=True):
        assert cosine(expected, found) > 0.8


def test_a_large_picture_gives_the_face_of_the_small_one(engine: FaceEngine, ada: UInt8Array) -> None:
    large = cv2.resize(ada, (3000, 3000), interpolation=cv2.INTER_CUBIC)
    (small_faces,), (large_faces,) = engine.analyze([ada]), engine.analyze([large])
    factor = 3000 / 512
    assert iou(small_faces.boxes_xyxy[0] * factor, large_faces.boxes_xyxy).max() > 0.8
    assert cosine(small_faces.embeddings[0], large_faces.embeddings[0]) > 0.9


def test_the_thorough_mode_finds_small_faces_of_a_crowd_that_the_standard_one_misses(
    engine: FaceEngine, ada: UInt8Array, cache_dir: Path
) -> None:
    face = cv2.resize(ada[20:220, 120:320], (48, 48), interpolation=cv2.INTER_AREA)
    crowd = np.full((2400, 2400, 3), 128, np.uint8)
    places = [(x, y) for x in range(100, 2300, 500) for y in range(100, 2300, 500)]
    for x, y in places:
        crowd[y : y + 48, x : x + 48] = face
    thorough = FaceEngine.load(backend="onnxruntime", cache_dir=cache_dir, detection="thorough")
    assert len(thorough.detect(crowd)) == len(places)
    assert len(engine.detect(crowd)) < len(places)


@pytest.mark.parametrize(
    ("longest_px", "looks"),
    [
        (1, [1]),
        (500, [500]),  # 480 would show the same again
        (640, [640, 480]),
        (4000, [1280, 480]),
    ],
)
def test_a_picture_is_searched_at_sizes_that_differ(longest_px: int, looks: list[int]) -> None:
    assert DETECTION_PLANS["standard"].looks_px(longest_px) == looks


@pytest.mark.parametrize("side", [400, 900, 2000])
def test_a_face_that_fills_the_picture_is_found(engine: FaceEngine, people: dict[str, UInt8Array], side: int) -> None:
    for image in people.values():
        x0, y0, x1, y1 = engine.detect(image).boxes_xyxy[0].astype(int)
        selfie = np.ascontiguousarray(image[max(y0 - 10, 0) : y1 + 10, max(x0 - 10, 0) : x1 + 10])
        selfie = cv2.resize(selfie, (side * selfie.shape[1] // selfie.shape[0], side))
        faces = engine.analyze([selfie])[0]
        assert len(faces) == 1
        assert cosine(faces.embeddings[0], one(engine, image)) > 0.7


@pytest.mark.parametrize("name", ["ada", "grace", "luis"])
def test_a_tiny_face_is_found_by_looking_again_at_other_scales(
    engine: FaceEngine, people: dict[str, UInt8Array], name: str
) -> None:
    portrait = people[name]
    [left, top, right, bottom] = engine.detect(portrait).boxes_xyxy[0]
    factor = 9 / (right - left)  # the face is nine pixels wide
    small = cv2.resize(portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    page = np.full((200, 300, 3), 200, np.uint8)
    page[20 : 20 + small.shape[0], 20 : 20 + small.shape[1]] = small
    assert len(engine.detect(page)) == 0
    found = engine.detect(page, persistent=True)
    assert len(found) == 1
    middle = (found.boxes_xyxy[0, :2] + found.boxes_xyxy[0, 2:]) / 2
    expected = 20 + factor * np.array([(left + right) / 2, (top + bottom) / 2])
    np.testing.assert_allclose(middle, expected, atol=3)


def test_looking_again_finds_nobody_where_nobody_is(engine: FaceEngine) -> None:
    for image in samples.without_faces().values():
        assert len(engine.detect(image, persistent=True)) == 0


def test_who_was_found_at_the_first_look_is_not_looked_for_again(engine: FaceEngine, ada: UInt8Array) -> None:
    np.testing.assert_array_equal(engine.detect(ada).boxes_xyxy, engine.detect(ada, persistent=True).boxes_xyxy)


def test_landmarks_that_coincide_are_refused_by_describe(engine: FaceEngine, ada: UInt8Array) -> None:
    found = Detections(np.array([[0, 0, 9, 9]], np.float32), np.full((1, 5, 2), 4, np.float32), np.ones(1, np.float32))
    with pytest.raises(DegenerateLandmarks):
        engine.describe(ada, found)


class NoLandmarks:
    """A detector's network whose landmarks all coincide."""

    def __init__(self, engine: FaceEngine) -> None:
        self._real = engine._detector._network

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        outputs = self._real.run(batch)
        return [*outputs[:9], *(np.zeros_like(kps) for kps in outputs[9:])]


def test_a_face_that_cannot_be_aligned_is_dropped_not_fatal(engine: FaceEngine, ada: UInt8Array) -> None:
    from visavis.faces.detection import Detector

    blind = FaceEngine(engine.pack, Detector(NoLandmarks(engine)), engine._embedder, backend_name="onnxruntime")
    assert len(blind.analyze([ada])[0]) == 0


def test_flipping_makes_a_face_equal_to_its_mirror_image(engine: FaceEngine, ada: UInt8Array, cache_dir: Path) -> None:
    flipping = FaceEngine.load(backend="onnxruntime", cache_dir=cache_dir, flip=True)
    assert flipping.model_id == engine.model_id
    mirrored = np.ascontiguousarray(ada[:, ::-1])
    assert cosine(one(flipping, ada), one(flipping, mirrored)) >= cosine(one(engine, ada), one(engine, mirrored))
    assert cosine(one(flipping, ada), one(engine, ada)) > 0.95


def test_both_backends_give_the_same_faces(engine: FaceEngine, people: dict[str, UInt8Array], cache_dir: Path) -> None:
    other = FaceEngine.load(backend="openvino", cache_dir=cache_dir)
    assert other.backend_name == "openvino"
    assert other.model_id == engine.model_id
    views = [*people.values(), *(np.ascontiguousarray(image[:, ::-1]) for image in people.values())]
    for ours, theirs in zip(engine.analyze(views), other.analyze(views), strict=True):
        np.testing.assert_array_equal(ours.boxes_xyxy, theirs.boxes_xyxy)
        assert (ours.embeddings * theirs.embeddings).sum(axis=1).min() > 0.995


def test_comparing_two_pictures_of_one_person_says_yes(engine: FaceEngine, ada: UInt8Array) -> None:
    verdict = compare(ada, relit(turned(ada, -8), 1.4), engine=engine)
    assert verdict.is_match
    assert verdict.score > 0.5
    assert verdict.probability_same > 0.99
    assert verdict.threshold == pytest.approx(0.434)
    assert verdict.false_match_rate == pytest.approx(1e-4)
    assert cosine(verdict.face_a.embedding, verdict.face_b.embedding) == pytest.approx(verdict.similarity)


def test_comparing_two_people_says_no(engine: FaceEngine, ada: UInt8Array, grace: UInt8Array) -> None:
    verdict = compare(ada, grace, engine=engine)
    assert not verdict.is_match
    assert verdict.score < 0.5


def test_comparing_says_which_picture_has_no_face(engine: FaceEngine, ada: UInt8Array) -> None:
    nobody = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(InvalidRequest, match=r"second"):
        compare(ada, nobody, engine=engine)
    with pytest.raises(InvalidRequest, match=r"first"):
        compare(nobody, ada, engine=engine)


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"detection": "slow"}, {"backend": "abacus"}])
def test_an_option_that_does_not_exist_is_refused(wrong: dict, cache_dir: Path) -> None:
    with pytest.raises(ValueError, match=r"thread|detection|backend"):
        FaceEngine.load(**{"backend": "onnxruntime", "cache_dir": cache_dir} | wrong)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_loading_writes_nothing_to_the_home_folder_and_dials_nowhere(
    tmp_path: Path, cache_dir: Path, backend: str
) -> None:
    program = f"""
import os, socket, sys
from pathlib import Path
def refuse(*_, **__): raise AssertionError("something dials out")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
import numpy as np
from visavis.faces import FaceEngine
engine = FaceEngine.load(backend={backend!r}, cache_dir=Path({str(cache_dir)!r}))
engine.analyze([np.zeros((64, 64, 3), np.uint8)])
assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]
assert not os.listdir(os.environ["HOME"]), os.listdir(os.environ["HOME"])
"""
    off = {"CI", "ORT_DISABLE_TELEMETRY"}  # both would hide a sender
    environment = {name: value for name, value in os.environ.items() if name not in off}
    environment["HOME"] = str(tmp_path)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=120)


def test_the_example_of_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[3] / "docs" / "faces.md"
    example = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(example, str(page), "exec"), {})
    assert capsys.readouterr().out.splitlines()[1].startswith("True ")


def test_a_signal_after_an_engine_is_gone_does_no_harm(cache_dir: Path) -> None:
    program = """
import gc, os, signal
from visavis import samples
from visavis.faces import FaceEngine

engine = FaceEngine.load(cache_dir=__import__("pathlib").Path(CACHE))
engine.analyze([samples.portrait("Grace Hopper")])
del engine
gc.collect()
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
os.kill(os.getpid(), signal.SIGTERM)
print("alive")
"""
    ran = subprocess.run(
        [sys.executable, "-c", f"CACHE = {str(cache_dir)!r}\n{program}"], capture_output=True, text=True, timeout=120
    )
    assert (ran.returncode, ran.stdout.split()) == (0, ["handled", "alive"])
