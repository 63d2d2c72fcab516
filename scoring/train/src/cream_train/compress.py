"""Weights in fewer bytes on disk, at full speed and precision of the run.

Nothing is computed in fewer bits: a dynamic int8 takes its ranges over the
whole batch, and a sample's score would depend on its neighbours. Weights are
stored as int8 with a scale for each output channel, or as fp16, behind a Cast
(and a Mul) that ONNX Runtime folds into fp32 constants when it loads the model.
"""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

SMALLEST = 4096  # elements of a weight that is worth it


def int8(weight: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 and the scales, one for each index of axis."""
    other = tuple(i for i in range(weight.ndim) if i != axis)
    scale = np.maximum(np.abs(weight).max(axis=other, keepdims=True), 1e-12) / 127
    return np.round(weight / scale).astype(np.int8), scale.astype(np.float32)


def round_weights(module: nn.Module) -> None:
    """Round a module's weights to what will be stored, so that heads are fitted on that."""
    with torch.no_grad():
        for m in module.modules():
            if isinstance(m, nn.Linear | nn.Embedding | nn.Conv2d) and m.weight.numel() >= SMALLEST:
                # By output channel: the batch norms that the export folds into
                # the convolutions scale whole channels, and so only the scales.
                q, scale = int8(m.weight.numpy(), axis=0)
                m.weight.copy_(torch.from_numpy(q.astype(np.float32) * scale))


def store(model: onnx.ModelProto) -> None:
    """Replace large fp32 initialisers: int8 where it loses nothing any more, else fp16."""
    graph = model.graph
    casts, kept = [], []
    for tensor in graph.initializer:
        weight = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or weight.size < SMALLEST:
            kept.append(tensor)
            continue
        name = tensor.name
        for axis in (0, weight.ndim - 1):
            q, scale = int8(weight, axis)
            if np.allclose(q * scale, weight, rtol=1e-5, atol=0):
                kept += [
                    numpy_helper.from_array(q, name + "_int8"),
                    numpy_helper.from_array(scale, name + "_scale"),
                ]
                casts += [
                    helper.make_node("Cast", [name + "_int8"], [name + "_cast"], to=TensorProto.FLOAT),
                    helper.make_node("Mul", [name + "_cast", name + "_scale"], [name]),
                ]
                break
        else:
            half = weight.astype(np.float16)
            if not np.array_equal(half.astype(np.float32), weight):
                kept.append(tensor)
                continue
            kept.append(numpy_helper.from_array(half, name + "_fp16"))
            casts.append(helper.make_node("Cast", [name + "_fp16"], [name], to=TensorProto.FLOAT))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
