from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from visavis.errors import ModelPackError
from visavis.faces import FloatArray, default_pack
from visavis.faces.backends import OnnxRuntimeNetwork, SplitNetwork
from visavis.faces.graphs import (
    fold_block_quantised,
    parse,
    prepare_detector,
    prepare_recogniser,
    replace_prelus,
)
from visavis.faces.halves import FEATURES, prepare_head, prepare_trunk


def run(model: bytes | onnx.ModelProto, batch: FloatArray, outputs: list[str]) -> list[FloatArray]:
    content = model if isinstance(model, bytes) else model.SerializeToString()
    return OnnxRuntimeNetwork(content, outputs, threads=1, fixed_shape=False).run(batch)


def unfolded(source: bytes) -> bytes:
    """The file as it is, but for the weights, which ONNX Runtime would not unfold itself."""
    model = parse(source)
    fold_block_quantised(model)
    return model.SerializeToString()


def noise(*shape: int) -> FloatArray:
    return np.random.default_rng(3).uniform(0, 255, shape).astype(np.float32)


def test_the_rewritten_recogniser_equals_the_file_as_it_is() -> None:
    source = default_pack().recogniser.read()
    crop = noise(1, 3, 112, 112)
    (expected,) = run(unfolded(source), crop, ["fc1"])
    for keep_prelu in (True, False):
        graph = prepare_recogniser(source, keep_prelu=keep_prelu)
        (found,) = run(graph, crop - 127.5, ["fc1"])
        np.testing.assert_allclose(found, expected, atol=1e-4)
        kinds = {node.op_type for node in onnx.load_from_string(graph).graph.node}
        assert ("PRelu" in kinds) is keep_prelu
        assert not kinds & {"BatchNormalization", "DequantizeLinear", "Sub", "Mul", "Dropout"}


def test_the_two_halves_of_the_recogniser_equal_the_whole_for_any_number_of_crops() -> None:
    source = default_pack().recogniser.read()
    crops = noise(3, 3, 112, 112) - 127.5
    (expected,) = run(prepare_recogniser(source, keep_prelu=False), crops, ["fc1"])
    trunk = OnnxRuntimeNetwork(prepare_trunk(source), [FEATURES], threads=1, fixed_shape=True)
    head = OnnxRuntimeNetwork(prepare_head(source), ["fc1"], threads=1, fixed_shape=False)
    (found,) = SplitNetwork(trunk, head).run(crops)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    (alone,) = SplitNetwork(trunk, head).run(crops[:1])
    np.testing.assert_allclose(alone, expected[:1], atol=1e-4)


def test_the_rewritten_detector_equals_the_file_as_it_is_but_for_the_channels() -> None:
    source = default_pack().detector.read()
    picture = noise(1, 3, 640, 640)
    outputs = ["cls_8", "obj_16", "bbox_32", "kps_8"]
    expected = run(unfolded(source), picture, outputs)
    found = run(prepare_detector(source), np.ascontiguousarray(picture[:, ::-1]), outputs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_the_prepared_graphs_take_other_sizes() -> None:
    pack = default_pack()
    (maps,) = run(prepare_detector(pack.detector.read()), noise(1, 3, 96, 320), ["bbox_16"])
    assert maps.shape == (1, 6 * 20, 4)
    (vectors,) = run(prepare_recogniser(pack.recogniser.read(), keep_prelu=False), noise(3, 3, 112, 112), ["fc1"])
    assert vectors.shape == (3, 128)


def test_preparing_is_deterministic() -> None:
    source = default_pack().detector.read()
    assert prepare_detector(source) == prepare_detector(source)


@pytest.mark.parametrize("slopes", [[0.25, -0.5, 0.0], [1.0, 1.5, 3.0], [0.999999, 1.000001, -2.0]])
def test_prelu_is_replaced_exactly_for_every_slope(slopes: list[float]) -> None:
    random = np.random.default_rng(0)
    first, second = (random.normal(size=(3, 3, 3, 3)).astype(np.float32) for _ in range(2))
    bias = random.normal(size=3).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "first", "bias"], ["a"], pads=[1, 1, 1, 1]),
            helper.make_node("PRelu", ["a", "slopes"], ["b"]),
            helper.make_node("Conv", ["b", "second"], ["y"], pads=[1, 1, 1, 1]),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 8, 8])],
        [
            numpy_helper.from_array(first, "first"),
            numpy_helper.from_array(bias, "bias"),
            numpy_helper.from_array(second, "second"),
            numpy_helper.from_array(np.array(slopes, np.float32).reshape(3, 1, 1), "slopes"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    x = random.normal(size=(1, 3, 8, 8)).astype(np.float32)
    (expected,) = run(model, x, ["y"])
    replace_prelus(model)
    assert "PRelu" not in {node.op_type for node in model.graph.node}
    (found,) = run(model, x, ["y"])
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_block_quantised_weights_are_unfolded_as_the_runtime_would() -> None:
    random = np.random.default_rng(1)
    quantised = random.integers(-128, 128, (4, 10)).astype(np.int8)
    scale = random.uniform(0.01, 0.1, (4, 3)).astype(np.float32)  # blocks of 4, 4 and a rest of 2
    zero = random.integers(-5, 5, (4, 3)).astype(np.int8)
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"], axis=1, block_size=4),
            helper.make_node("MatMul", ["x", "w"], ["y"]),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(a, n) for a, n in ((quantised, "q"), (scale, "s"), (zero, "z"))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    fold_block_quantised(model)
    (weights,) = (numpy_helper.to_array(t) for t in model.graph.initializer if t.name == "w")
    block = np.arange(10) // 4
    expected = (quantised.astype(np.float32) - zero[:, block]) * scale[:, block]
    np.testing.assert_array_equal(weights, expected)
    assert [node.op_type for node in model.graph.node] == ["MatMul"]


def test_a_network_of_another_kind_is_refused() -> None:
    pack = default_pack()
    with pytest.raises(ModelPackError, match=r"no SFace"):
        prepare_recogniser(pack.detector.read(), keep_prelu=True)
