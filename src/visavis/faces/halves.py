"""The recogniser in two halves: the convolutions, and the last layer.

Convolutions are fastest crop by crop, while their activations stay in the cache. The last layer has 25 MB of weights,
which are read once however many rows it is given. So ONNX Runtime takes them one after the other.
"""

from __future__ import annotations

import onnx
from onnx import helper

from visavis.errors import ModelPackError
from visavis.faces.graphs import finish, prepare_recogniser

FEATURES = "features"


def prepare_trunk(content: bytes) -> bytes:
    """From crops to the input of the last layer, which is called FEATURES."""
    model, gemm = _with_last_layer(content)
    features = gemm.input[0]
    model.graph.node.remove(gemm)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(FEATURES, onnx.TensorProto.FLOAT, ["rows", None]))
    for node in model.graph.node:
        node.output[:] = [FEATURES if name == features else name for name in node.output]
        node.input[:] = [FEATURES if name == features else name for name in node.input]
    return finish(model)


def prepare_head(content: bytes) -> bytes:
    """From FEATURES to embeddings, any number of rows."""
    model, gemm = _with_last_layer(content)
    gemm.input[0] = FEATURES
    for node in [node for node in model.graph.node if node is not gemm]:
        model.graph.node.remove(node)
    del model.graph.input[:]
    model.graph.input.append(helper.make_tensor_value_info(FEATURES, onnx.TensorProto.FLOAT, ["rows", None]))
    return finish(model)


def _with_last_layer(content: bytes) -> tuple[onnx.ModelProto, onnx.NodeProto]:
    model = onnx.load_from_string(prepare_recogniser(content, keep_prelu=False))
    output = model.graph.output[0].name
    last = [node for node in model.graph.node if output in node.output]
    if len(last) != 1 or last[0].op_type != "Gemm":
        raise ModelPackError("The recogniser does not end with a full layer: it is no SFace.")
    return model, last[0]
