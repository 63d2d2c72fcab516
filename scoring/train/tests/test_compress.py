import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession
from torch import nn

from cream_train import compress


def product(weight: np.ndarray) -> onnx.ModelProto:
    """A model of one product."""
    shapes = (("x", [None, weight.shape[0]]), ("y", [None, weight.shape[1]]))
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "product", [x], [y], [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    onnx.checker.check_model(model)
    return InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
        None, {"x": x}
    )[0]


def types(model: onnx.ModelProto) -> set[int]:
    return {t.data_type for t in model.graph.initializer}


RANDOM = np.random.default_rng(2)
WEIGHT = RANDOM.normal(size=(96, 64)).astype(np.float32)


@pytest.mark.parametrize(
    ("weight", "stored", "share"),
    [
        pytest.param("rounded", {TensorProto.INT8, TensorProto.FLOAT}, 0.3, id="int8, and its scales"),
        pytest.param("half", {TensorProto.FLOAT16}, 0.55, id="fp16"),
        pytest.param("full", {TensorProto.FLOAT}, 1.0, id="what would lose by it stays"),
        pytest.param("small", {TensorProto.FLOAT}, 1.0, id="what is small stays"),
    ],
)
def test_stored_small_and_computed_with_as_before(weight: str, stored: set[int], share: float) -> None:
    layer = nn.Linear(96, 64, bias=False)
    layer.weight.data = torch.from_numpy(WEIGHT.T.copy())
    compress.round_weights(layer)
    value = {
        "rounded": layer.weight.detach().numpy().T.copy(),
        "half": WEIGHT.astype(np.float16).astype(np.float32),
        "full": WEIGHT,
        "small": WEIGHT[:, :8].astype(np.float16).astype(np.float32),
    }[weight]
    model = product(value)
    x = RANDOM.normal(size=(5, 96)).astype(np.float32)
    before, size = run(model, x), model.ByteSize()
    compress.store(model)
    assert types(model) == stored
    assert model.ByteSize() <= share * size + 200
    np.testing.assert_allclose(run(model, x), before, rtol=1e-4, atol=1e-4)


def test_rounding_moves_a_weight_by_half_a_step_at_most() -> None:
    layer = nn.Linear(96, 64, bias=False)
    before = layer.weight.detach().numpy().copy()
    compress.round_weights(layer)
    step = np.abs(before).max(axis=1, keepdims=True) / 127
    assert (np.abs(layer.weight.detach().numpy() - before) <= 0.501 * step).all()
    rounded = layer.weight.detach().clone()
    compress.round_weights(layer)
    torch.testing.assert_close(layer.weight.detach(), rounded)
