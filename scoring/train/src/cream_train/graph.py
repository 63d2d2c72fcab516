"""The whole scorer as one ONNX graph: both encoders and all heads in one pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from cream_train.compress import store
from cream_train.encoders import SIZE, Pictures, Texts
from cream_train.heads import Heads

INPUTS = [
    "pictures",
    "picture_sample",
    "question_ids",
    "question_mask",
    "answer_ids",
    "answer_mask",
    "features",
]
OUTPUTS = ["scores", "styles"]


class Scorer(nn.Module):
    """pictures uint8 [M, 224, 224, 3], the row of the sample that each belongs to (or -1)
    [M], ids and masks [N, T], features [N, F] → scores [N, C] in 0..5, styles [N, S] in 0..1."""

    def __init__(self, pictures: Pictures, texts: Texts, heads: Heads) -> None:
        super().__init__()
        self.pictures, self.texts = pictures, texts
        self.threshold, self.gamma, self.gain = heads.threshold, heads.gamma, heads.gain
        self.picture_columns = heads.scaler.picture_columns

        def constant(a: np.ndarray) -> nn.Parameter:
            return nn.Parameter(torch.from_numpy(np.asarray(a, dtype=np.float32)), requires_grad=False)

        self.mean, self.scale = constant(heads.scaler.mean), constant(heads.scaler.scale)
        self.centres = constant(heads.centres)
        self.centre_norms = constant((heads.centres.astype(np.float64) ** 2).sum(1))
        self.alpha, self.offset = constant(heads.alpha), constant(heads.offset)
        self.style_weight, self.style_offset = constant(heads.style_weight), constant(heads.style_offset)

    def forward(
        self,
        pictures: torch.Tensor,
        picture_sample: torch.Tensor,
        question_ids: torch.Tensor,
        question_mask: torch.Tensor,
        answer_ids: torch.Tensor,
        answer_mask: torch.Tensor,
        features: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows = torch.arange(question_ids.shape[0])
        owner = (picture_sample.unsqueeze(0) == rows.unsqueeze(1)).float()  # [N, M]
        count = owner.sum(1, keepdim=True)
        has = (count > 0).float()
        picture = (owner @ self.pictures(pictures)) / count.clamp(min=1.0)
        question = self.texts(question_ids, question_mask)
        answer = self.texts(answer_ids, answer_mask)
        words = torch.cat([question, answer, features], 1)
        raw = torch.cat([picture, words], 1)
        # The first row once more, dropped at the end: ONNX Runtime multiplies a matrix of one row by
        # another path, whose last bits differ, and a sample alone should score as it does in a batch.
        raw, has = torch.cat([raw, raw[:1]]), torch.cat([has, has[:1]])
        n = self.picture_columns
        style = torch.sigmoid(raw[:, n:] @ self.style_weight + self.style_offset)
        x = (raw - self.mean) * self.scale
        x = torch.cat([x[:, :n] * has, x[:, n:]], 1)
        distance = self.sums(x * x) + self.centre_norms - 2 * (x @ self.centres.T)
        root = torch.exp(-self.gamma * distance.clamp(min=0.0)) @ self.alpha + self.offset
        score = torch.where(root < self.threshold, torch.zeros_like(root), self.gain * root * root)
        return score.clamp(0.0, 5.0)[:-1], style[:-1]

    @staticmethod
    def sums(x: torch.Tensor) -> torch.Tensor:
        """[N, D] → [N, 1]. It is a product, of a width that has no path of its own: a plain sum adds up in an
        order that depends on where in memory a row begins, and so on its place in the batch."""
        return (x @ torch.ones(x.shape[1], 16))[:, :1]


def export(scorer: Scorer, feature_count: int, path: Path) -> None:
    """Write the graph, its weights stored small."""
    n, m, tq, ta = 3, 2, 16, 32
    example = (
        torch.zeros(m, SIZE, SIZE, 3, dtype=torch.uint8),
        torch.tensor([0, 2]),
        torch.ones(n, tq, dtype=torch.long),
        torch.ones(n, tq, dtype=torch.long),
        torch.ones(n, ta, dtype=torch.long),
        torch.ones(n, ta, dtype=torch.long),
        torch.zeros(n, feature_count),
    )
    axes = {
        "pictures": {0: "pictures"},
        "picture_sample": {0: "pictures"},
        "question_ids": {0: "samples", 1: "question_length"},
        "question_mask": {0: "samples", 1: "question_length"},
        "answer_ids": {0: "samples", 1: "answer_length"},
        "answer_mask": {0: "samples", 1: "answer_length"},
        "features": {0: "samples"},
        "scores": {0: "samples"},
        "styles": {0: "samples"},
    }
    torch.onnx.export(
        scorer.eval(), example, str(path), input_names=INPUTS, output_names=OUTPUTS,
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(path))
    store(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
