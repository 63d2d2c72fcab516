"""The heads on the frozen embeddings: kernel ridge for scores, ridge for styles on the same kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Blocks:
    """Embeddings of n samples: picture [n, 1280], question and answer [n, 384], features [n, F]."""

    picture: np.ndarray
    question: np.ndarray
    answer: np.ndarray
    features: np.ndarray
    has_picture: np.ndarray  # [n] of 0 and 1

    def take(self, rows: np.ndarray) -> Blocks:
        return Blocks(*(getattr(self, f)[rows] for f in self.__dataclass_fields__))


@dataclass(frozen=True)
class Weights:
    """How much each block counts in the distance between two samples."""

    picture: float = 0.7
    question: float = 1.0
    answer: float = 1.0
    features: float = 1.0


@dataclass(frozen=True)
class Scaler:
    """Blocks to one vector each: standardised by column, each block of its weight in length."""

    mean: np.ndarray
    scale: np.ndarray
    picture_columns: int

    @staticmethod
    def fit(b: Blocks, w: Weights) -> Scaler:
        means, scales = [], []
        seen = b.has_picture > 0
        for block, weight in (
            (b.picture[seen], w.picture),
            (b.question, w.question),
            (b.answer, w.answer),
            (b.features, w.features),
        ):
            deviation = block.std(0)
            deviation[deviation < 1e-6] = 1.0
            means.append(block.mean(0))
            scales.append(weight / (deviation * np.sqrt(block.shape[1])))
        return Scaler(np.concatenate(means), np.concatenate(scales), b.picture.shape[1])

    def apply(self, b: Blocks) -> np.ndarray:
        raw = np.concatenate([b.picture, b.question, b.answer, b.features], 1)
        x = (raw - self.mean) * self.scale
        # A sample without pictures stands where the average picture does.
        x[:, : self.picture_columns] *= b.has_picture[:, None]
        return x.astype(np.float32)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T, 0)


@dataclass(frozen=True)
class Heads:
    """Kernel ridge regression: scores' square roots and the styles' shares."""

    scaler: Scaler
    centres: np.ndarray  # [n, D]
    gamma: float
    alpha: np.ndarray  # [n, capabilities + styles]
    offset: np.ndarray  # [capabilities + styles]
    capabilities: int
    threshold: float

    def predict(self, b: Blocks) -> tuple[np.ndarray, np.ndarray]:
        """Scores [n, C] in 0..5 and style values [n, S] in 0..1."""
        k = np.exp(-self.gamma * squared_distances(self.scaler.apply(b), self.centres))
        out = k @ self.alpha + self.offset
        root = out[:, : self.capabilities]
        score = np.where(root < self.threshold, 0.0, np.minimum(root, np.sqrt(5.0)) ** 2)
        return score, np.clip(out[:, self.capabilities :], 0, 1)


def fit(
    b: Blocks,
    scores: np.ndarray,
    styles: np.ndarray,
    weights: Weights,
    ridge: float,
    threshold: float,
) -> Heads:
    """Fit by the median heuristic: gamma is one over the median squared distance."""
    scaler = Scaler.fit(b, weights)
    x = scaler.apply(b).astype(np.float16).astype(np.float32)  # as it will be stored
    d = squared_distances(x, x)
    gamma = float(1 / np.median(d[np.triu_indices(len(d), 1)]))
    y = np.concatenate([np.sqrt(scores), styles], 1)
    offset = y.mean(0)
    k = np.exp(-gamma * d).astype(np.float64)
    alpha = np.linalg.solve(k + ridge * np.eye(len(k)), y - offset)
    return Heads(scaler, x, gamma, alpha.astype(np.float32), offset.astype(np.float32), scores.shape[1], threshold)
