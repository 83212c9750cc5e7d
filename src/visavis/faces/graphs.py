"""Rewrites of ONNX graphs: the same function, in a form that the runtimes run fast.

Every function takes a model and changes it in place. All of them are exact up to the rounding of float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from visavis.errors import ModelPackError
from visavis.faces.arrays import FloatArray

INPUT_MEAN = 127.5  # the recogniser's own centring, which moves to the host

Weight = npt.NDArray[Any]


def prepare_detector(content: bytes) -> bytes:
    """YuNet that takes RGB of any height and width that is a multiple of 32."""
    model = parse(content)
    fold_block_quantised(model)
    swap_input_channels(model)
    free_axes(model, {2: "height", 3: "width"}, output_axis=1)
    return finish(model)


def prepare_recogniser(content: bytes, *, keep_prelu: bool) -> bytes:
    """SFace that takes RGB minus 127.5, any number of crops.

    ``keep_prelu`` for OpenVINO, which runs PRelu well; ONNX Runtime is 2.5 times as fast without it.
    """
    model = parse(content)
    fold_block_quantised(model)
    drop_dropout(model)
    fold_input_scaling(model)
    fold_batch_norms(model)
    if not keep_prelu:
        replace_prelus(model)
    free_axes(model, {0: "batch"}, output_axis=0)
    return finish(model)


def fold_block_quantised(model: onnx.ModelProto) -> None:
    """Turn int8 weights with a scale and a zero point per block into float32 initializers.

    ``weight -> DequantizeLinear(axis, block_size) [-> Reshape]`` becomes one initializer.
    """
    weights = _weights(model)
    for node in list(model.graph.node):
        if node.op_type == "DequantizeLinear":
            quantised, scale, *zero = (weights[name] for name in node.input)
            value = _dequantise(quantised, scale, zero[0] if zero else None, node)
        elif node.op_type == "Reshape" and all(name in weights for name in node.input):
            value = weights[node.input[0]].reshape(weights[node.input[1]])
        else:
            continue
        weights[node.output[0]] = value
        model.graph.node.remove(node)
    _store(model, weights)


def swap_input_channels(model: onnx.ModelProto) -> None:
    """Let a network trained on BGR take RGB, by turning round the channels of its first convolution."""
    weights = _weights(model)
    first = _consumers(model, model.graph.input[0].name)
    if [node.op_type for node in first] != ["Conv"]:
        raise ModelPackError("The detector does not begin with a convolution: it is no YuNet.")
    weights[first[0].input[1]] = weights[first[0].input[1]][:, ::-1]
    _store(model, weights)


def drop_dropout(model: onnx.ModelProto) -> None:
    """Remove Dropout, which does nothing after training."""
    for node in [node for node in model.graph.node if node.op_type == "Dropout"]:
        _bypass(model, node)


def fold_input_scaling(model: onnx.ModelProto) -> None:
    """Drop ``(x - 127.5) * k`` at the input: k moves into the first convolution, the caller subtracts.

    The subtraction cannot move into the convolution, whose zero padding is in the centred space.
    """
    weights = _weights(model)
    source = model.graph.input[0].name
    (centre,) = _consumers(model, source)
    (scale,) = _consumers(model, centre.output[0])
    (conv,) = _consumers(model, scale.output[0])
    if [centre.op_type, scale.op_type, conv.op_type] != ["Sub", "Mul", "Conv"]:
        raise ModelPackError("The recogniser does not centre and scale its input: it is no SFace.")
    if not np.allclose(weights[centre.input[1]], INPUT_MEAN):
        raise ModelPackError(f"The recogniser centres at {weights[centre.input[1]]}, not at {INPUT_MEAN}.")
    weights[conv.input[1]] = weights[conv.input[1]] * weights[scale.input[1]].astype(np.float32)
    conv.input[0] = source
    model.graph.node.remove(centre)
    model.graph.node.remove(scale)
    _store(model, weights)


def fold_batch_norms(model: onnx.ModelProto) -> None:
    """Fold each BatchNormalization into the Conv or Gemm before it, or else into the Gemm after it."""
    weights = _weights(model)
    for norm in [node for node in model.graph.node if node.op_type == "BatchNormalization"]:
        gamma, beta, mean, variance = (weights[name].astype(np.float64) for name in norm.input[1:])
        factor = gamma / np.sqrt(variance + _attribute(norm, "epsilon", 1e-5))
        shift = beta - mean * factor
        before = _producer(model, norm.input[0])
        if before is not None and before.op_type in ("Conv", "Gemm"):
            _scale_output(weights, before, factor, shift)
        else:
            _scale_input(weights, _gemm_after(model, norm), factor, shift)
        _bypass(model, norm)
    _store(model, weights)


def replace_prelus(model: onnx.ModelProto) -> None:
    """Write PRelu as Relu and a depthwise 1x1 convolution, which ONNX Runtime runs without changing layout.

    With slope a < 1 and z = (1 - a) x, PRelu(x) = relu(z) + z a / (1 - a). With a > 1 and the same z (whose
    sign is then turned), -PRelu(x) = relu(z) + z / (a - 1). The factor 1 - a goes into the weights of the
    convolution before, the minus sign into those of the layer after.
    """
    weights = _weights(model)
    for prelu in [node for node in model.graph.node if node.op_type == "PRelu"]:
        before = _producer(model, prelu.input[0])
        if before is None or before.op_type != "Conv" or len(_consumers(model, before.output[0])) != 1:
            raise ModelPackError("A PRelu of the recogniser does not follow a convolution: it is no SFace.")
        a = weights[prelu.input[1]].astype(np.float64).ravel()
        a = np.where(np.abs(1 - a) < 1e-6, 1 - 1e-6, a)  # a slope of 1 is the identity; 1e-6 off is unseen
        a = np.broadcast_to(a, (weights[before.input[1]].shape[0],))
        _scale_output(weights, before, 1 - a, np.zeros_like(a))
        linear = np.where(a < 1, a, 1) / np.abs(1 - a)
        sign = np.where(a < 1, 1.0, -1.0)
        for after in _consumers(model, prelu.output[0]):
            target = _gemm_after(model, prelu) if after.op_type == "Flatten" else after
            _scale_input(weights, target, sign, np.zeros_like(sign))
        z, out = before.output[0], prelu.output[0]
        weights[f"{out}_linear"] = linear.reshape(-1, 1, 1, 1).astype(np.float32)
        replacement = [
            helper.make_node("Relu", [z], [f"{out}_relu"]),
            helper.make_node("Conv", [z, f"{out}_linear"], [f"{out}_scaled"], group=len(a), kernel_shape=[1, 1]),
            helper.make_node("Add", [f"{out}_scaled", f"{out}_relu"], [out]),
        ]
        at = list(model.graph.node).index(prelu)
        model.graph.node.remove(prelu)
        for offset, node in enumerate(replacement):
            model.graph.node.insert(at + offset, node)
    _store(model, weights)


def free_axes(model: onnx.ModelProto, axes: dict[int, str], output_axis: int) -> None:
    """Make axes of the input and one of each output dynamic; forget shapes derived from the fixed ones."""
    for axis, name in axes.items():
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[output_axis].dim_param = f"{output.name}_rows"
    del model.graph.value_info[:]


def parse(content: bytes) -> onnx.ModelProto:
    """A model with one input: the picture.

    Raises:
        ModelPackError: the bytes are no such model.
    """
    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # protobuf raises its own kinds
        raise ModelPackError("A model file of the pack is not ONNX. Fetch it again.") from error
    # Initializers that are also inputs could be overridden by a caller, so no runtime would fold them. And
    # the quantised files still list the weights' old names, which nothing uses.
    stored = {tensor.name for tensor in model.graph.initializer}
    used = {name for node in model.graph.node for name in node.input}
    inputs = [value for value in model.graph.input if value.name in used - stored]
    if len(inputs) != 1:
        raise ModelPackError(f"A model of the pack has {len(inputs)} inputs, not one.")
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model


def finish(model: onnx.ModelProto) -> bytes:
    """The model as bytes, without weights that nothing uses.

    Raises:
        ModelPackError: it is no longer a valid model.
    """
    used = {name for node in model.graph.node for name in node.input}
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name not in used]:
        model.graph.initializer.remove(tensor)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ModelPackError(f"A model of the pack cannot be prepared: {error}") from error
    return bytes(model.SerializeToString(deterministic=True))


def _weights(model: onnx.ModelProto) -> dict[str, Weight]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def _store(model: onnx.ModelProto, weights: dict[str, Weight]) -> None:
    del model.graph.initializer[:]
    model.graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()
    )


def _dequantise(quantised: Weight, scale: Weight, zero: Weight | None, node: onnx.NodeProto) -> FloatArray:
    axis, block = int(_attribute(node, "axis", 1)), int(_attribute(node, "block_size", 0))

    def spread(per_block: Weight) -> Weight:
        if per_block.size == 1:
            return per_block.reshape((1,) * quantised.ndim)
        if block == 0:  # one value per row of the axis
            return per_block.reshape([-1 if i == axis else 1 for i in range(quantised.ndim)])
        return np.repeat(per_block, block, axis=axis).take(np.arange(quantised.shape[axis]), axis=axis)

    centred = quantised.astype(np.float32)
    if zero is not None:
        centred -= spread(zero).astype(np.float32)
    return np.asarray(centred * spread(scale), dtype=np.float32)


def _scale_output(weights: dict[str, Weight], node: onnx.NodeProto, factor: Weight, shift: Weight) -> None:
    """Multiply and shift each output channel of a Conv or Gemm (weights with the outputs first)."""
    if node.op_type == "Gemm" and not _attribute(node, "transB", 0):
        raise ModelPackError("A fully connected layer of the recogniser is stored the other way round.")
    kernel = weights[node.input[1]].astype(np.float64)
    weights[node.input[1]] = _float32(kernel * factor.reshape(-1, *(1,) * (kernel.ndim - 1)))
    bias = weights[node.input[2]].astype(np.float64) if len(node.input) > 2 else np.zeros(len(kernel))
    name = f"{node.output[0]}_bias"
    weights[name] = _float32(bias * factor + shift)
    del node.input[2:]
    node.input.append(name)


def _scale_input(weights: dict[str, Weight], node: onnx.NodeProto, factor: Weight, shift: Weight) -> None:
    """Let a Conv or Gemm take ``x`` where it took ``x * factor + shift``, per input channel."""
    kernel = weights[node.input[1]].astype(np.float64)
    if node.op_type == "Gemm":  # (outputs, channels * height * width)
        by_channel = kernel.reshape(len(kernel), len(factor), -1)
        weights[node.input[1]] = _float32((by_channel * factor[:, None]).reshape(kernel.shape))
        weights[node.input[2]] = _float32(weights[node.input[2]] + by_channel.sum(axis=2) @ shift)
    elif node.op_type == "Conv" and not shift.any():
        depthwise = _attribute(node, "group", 1) > 1
        shape = (-1, 1, 1, 1) if depthwise else (1, -1, 1, 1)
        weights[node.input[1]] = _float32(kernel * factor.reshape(shape))
    else:
        raise ModelPackError(f"A {node.op_type} of the recogniser stands where none is expected.")


def _float32(values: Weight) -> FloatArray:
    return values.astype(np.float32)


def _attribute(node: onnx.NodeProto, name: str, default: float) -> float:
    values = {attribute.name: attribute for attribute in node.attribute}
    return float(helper.get_attribute_value(values[name])) if name in values else default


def _producer(model: onnx.ModelProto, name: str) -> onnx.NodeProto | None:
    return next((node for node in model.graph.node if name in node.output), None)


def _consumers(model: onnx.ModelProto, name: str) -> list[onnx.NodeProto]:
    return [node for node in model.graph.node if name in node.input]


def _gemm_after(model: onnx.ModelProto, node: onnx.NodeProto) -> onnx.NodeProto:
    """The Gemm that takes this node's output, flattened or not."""
    while node.op_type != "Gemm":
        followers = _consumers(model, node.output[0])
        if len(followers) != 1 or followers[0].op_type not in ("Flatten", "Gemm"):
            raise ModelPackError("A normalisation of the recogniser has no layer to fold into.")
        node = followers[0]
    return node


def _bypass(model: onnx.ModelProto, node: onnx.NodeProto) -> None:
    """Remove a node and give its input to those who took its output."""
    outputs = {output.name for output in model.graph.output}
    if node.output[0] in outputs:
        before = _producer(model, node.input[0])
        if before is None:
            raise ModelPackError("A network of the pack does nothing.")
        before.output[0] = node.output[0]
    else:
        for consumer in _consumers(model, node.output[0]):
            for i, name in enumerate(consumer.input):
                if name == node.output[0]:
                    consumer.input[i] = node.input[0]
    model.graph.node.remove(node)
