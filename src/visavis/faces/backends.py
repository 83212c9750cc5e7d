"""The seam to the inference runtimes: a network takes one float32 array and returns its outputs."""

from __future__ import annotations

import importlib.util
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Protocol

import numpy as np

from visavis.errors import BackendUnavailable
from visavis.faces.arrays import FloatArray
from visavis.faces.cpu import has_bf16

BackendName = Literal["onnxruntime", "openvino"]


class Network(Protocol):
    """A loaded network. Not for two threads at once."""

    def run(self, batch: FloatArray) -> list[FloatArray]:
        """Outputs in the order that was asked for at loading; (N, ...) each."""
        ...


def choose_backend(wanted: Literal["auto", "onnxruntime", "openvino"]) -> BackendName:
    """OpenVINO only where it gains: when it is installed and the CPU multiplies bfloat16.

    Raises:
        BackendUnavailable: OpenVINO is asked for by name and not installed.
    """
    installed = importlib.util.find_spec("openvino") is not None
    if wanted == "openvino" and not installed:
        raise BackendUnavailable("OpenVINO is not installed: pip install 'visavis[openvino]'")
    if wanted not in ("auto", "onnxruntime", "openvino"):
        raise ValueError(f"a backend is auto, onnxruntime or openvino, not {wanted!r}")
    if wanted == "auto":
        return "openvino" if installed and has_bf16() else "onnxruntime"
    return wanted


class OnnxRuntimeNetwork:
    """A network in ONNX Runtime, float32 on the CPU."""

    def __init__(self, graph: bytes, outputs: list[str], *, threads: int, fixed_shape: bool) -> None:
        ort = import_onnxruntime()

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # A plan per input shape is kept for ever, and pictures have thousands of shapes. The arena stays:
        # without it every run asks the system for its pages anew, a third of the time at 1280 px.
        options.enable_mem_pattern = fixed_shape
        self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._outputs = outputs

    def run(self, batch: FloatArray) -> list[FloatArray]:
        values: list[FloatArray] = self._session.run(self._outputs, {self._input: batch})
        return values


class SplitNetwork:
    """A network in two halves: the first takes one row at a time, the second all of them together."""

    def __init__(self, trunk: Network, head: Network) -> None:
        self._trunk = trunk
        self._head = head

    def run(self, batch: FloatArray) -> list[FloatArray]:
        return self._head.run(np.concatenate([self._trunk.run(row[None])[0] for row in batch]))


class OpenVinoNetwork:
    """A network of one fixed input shape in OpenVINO; bfloat16 where the CPU has it."""

    def __init__(self, graph: bytes, outputs: list[str], *, threads: int, input_shape: tuple[int, ...]) -> None:
        openvino = import_openvino()
        # OpenVINO gives the thread that compiles a stack for signals, and frees it with the network: the next signal
        # would end the process. A thread that is over has no signals to handle.
        with ThreadPoolExecutor(1) as compiler:
            self._request = compiler.submit(_compile, openvino, graph, threads, input_shape).result()
        # One buffer for every run: handing in a new array costs more than this copy.
        self._input: FloatArray = np.zeros(input_shape, dtype=np.float32)
        self._request.set_input_tensor(openvino.Tensor(self._input, shared_memory=True))
        self._outputs = outputs

    def run(self, batch: FloatArray) -> list[FloatArray]:
        if batch.shape != self._input.shape:
            raise ValueError(f"this network takes {self._input.shape}, not {batch.shape}")
        self._input[:] = batch
        self._request.start_async()  # infer() would also wrap all outputs, which takes 0.1 ms
        self._request.wait()
        return [self._request.get_tensor(name).data.copy() for name in self._outputs]


def _compile(openvino: Any, graph: bytes, threads: int, input_shape: tuple[int, ...]) -> Any:
    core = openvino.Core()
    model = core.read_model(graph)
    model.reshape(list(input_shape))
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if has_bf16() else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # pinned, every worker process sits on the same first core
    }
    return core.compile_model(model, "CPU", settings).create_infer_request()


def import_onnxruntime() -> Any:
    """Import ONNX Runtime with its telemetry shut off.

    From 1.31 on its Linux wheels write a device id and an event store to ``~/.cache/Microsoft`` when they are
    imported, and report there. The variable is read at that moment, and inherited by worker processes.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # for the case that somebody else imported it before
    return onnxruntime


def import_openvino() -> Any:
    """Import OpenVINO with its telemetry shut off.

    ``import openvino`` by itself writes a client id to the home folder and reports the import over the
    network. Its own code falls back to a stub that does nothing when the telemetry package cannot be
    imported, so we make it so for this process, before the first import.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise BackendUnavailable(f"OpenVINO cannot be loaded: {error}") from error
    return openvino
