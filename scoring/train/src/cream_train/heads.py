"""The heads on the frozen embeddings: kernel ridge regression for scores, logistic regression for styles."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from sklearn.linear_model import LogisticRegression

from cream_train.folds import folds_by

TOP = 5.0  # the highest score


@dataclass(frozen=True)
class Blocks:
    """Embeddings of n samples: picture [n, 1280], question and answer [n, 384], features [n, F]."""

    picture: np.ndarray
    question: np.ndarray
    answer: np.ndarray
    features: np.ndarray
    has_picture: np.ndarray  # [n] of 0 and 1

    def take(self, rows: np.ndarray) -> Blocks:
        return Blocks(*(getattr(self, f.name)[rows] for f in fields(self)))

    def without_pictures(self) -> Blocks:
        nothing = np.zeros_like(self.has_picture)
        return Blocks(np.zeros_like(self.picture), self.question, self.answer, self.features, nothing)

    def words(self) -> np.ndarray:
        return np.concatenate([self.question, self.answer, self.features], 1)


@dataclass(frozen=True)
class Labels:
    """What the judges said of n samples, and the source of each."""

    scores: np.ndarray  # [n, C], 0 to 5
    styles: np.ndarray  # [n, S], the share of judges that named the style
    sources: np.ndarray  # [n]

    def take(self, rows: np.ndarray) -> Labels:
        return Labels(*(getattr(self, f.name)[rows] for f in fields(self)))


@dataclass(frozen=True)
class Settings:
    """What was chosen by leaving sources out, not fitted."""

    # How much each block counts in the distance between two samples.
    picture: float = 1.4
    question: float = 2.0
    answer: float = 0.7
    features: float = 0.8
    width: float = 0.5  # gamma is this over the median squared distance
    ridge: float = 0.3
    threshold: float = 0.4  # on the square root of a score; below it the score is 0
    balance: float = 0.5  # a sample counts as its source's size to the minus this
    style_features: float = 1.5  # features against embeddings in the styles' regression
    style_penalty: float = 0.03


@dataclass(frozen=True)
class Scaler:
    """Blocks to one vector each: standardised by column, each block of its weight in length."""

    mean: np.ndarray
    scale: np.ndarray
    picture_columns: int

    @staticmethod
    def fit(b: Blocks, s: Settings) -> Scaler:
        means, scales = [], []
        seen = b.has_picture > 0
        for block, weight in (
            (b.picture[seen], s.picture),
            (b.question, s.question),
            (b.answer, s.answer),
            (b.features, s.features),
        ):
            means.append(block.mean(0))
            scales.append(weight / (deviation(block) * np.sqrt(block.shape[1])))
        return Scaler(np.concatenate(means), np.concatenate(scales), b.picture.shape[1])

    def apply(self, b: Blocks) -> np.ndarray:
        x = (np.concatenate([b.picture, b.words()], 1) - self.mean) * self.scale
        # A sample without pictures stands where the average picture does.
        x[:, : self.picture_columns] *= b.has_picture[:, None]
        return x.astype(np.float32)


def deviation(block: np.ndarray) -> np.ndarray:
    found = block.std(0)
    return np.where(found < 1e-6, 1.0, found)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T, 0)


@dataclass(frozen=True)
class Heads:
    """root = kernel to the centres · alpha + offset; score = gain · root², or 0 below the threshold.
    style = sigmoid(words · style_weight + style_offset)."""

    scaler: Scaler
    centres: np.ndarray  # [n, D]
    gamma: float
    alpha: np.ndarray  # [n, C]
    offset: np.ndarray  # [C]
    threshold: float
    gain: float
    style_weight: np.ndarray  # [words, S]
    style_offset: np.ndarray  # [S]

    def predict(self, b: Blocks) -> tuple[np.ndarray, np.ndarray]:
        """Scores [n, C] in 0..5 and the styles' probabilities [n, S]."""
        k = np.exp(-self.gamma * squared_distances(self.scaler.apply(b), self.centres))
        root = k @ self.alpha + self.offset
        styles = 1 / (1 + np.exp(-(b.words() @ self.style_weight + self.style_offset)))
        return score_of(root, self.threshold, self.gain), styles


def score_of(root: np.ndarray, threshold: float, gain: float) -> np.ndarray:
    return np.where(root < threshold, 0.0, np.minimum(gain * root**2, TOP))


def fit(b: Blocks, y: Labels, s: Settings) -> Heads:
    scaler = Scaler.fit(b, s)
    x = scaler.apply(b).astype(np.float16).astype(np.float32)  # as it will be stored
    d = squared_distances(x, x)
    gamma = float(s.width / np.median(d[np.triu_indices(len(d), 1)]))
    k = np.exp(-gamma * d).astype(np.float64)
    alpha, offset = _ridge(k, y, s)
    style_weight, style_offset = _styles(b, y, s)
    return Heads(
        scaler, x, gamma, alpha.astype(np.float32), offset.astype(np.float32), s.threshold,
        _gain(k, y, s), style_weight, style_offset,
    )  # fmt: skip


def _ridge(k: np.ndarray, y: Labels, s: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Weighted kernel ridge regression of the scores' square roots."""
    _, of, sizes = np.unique(y.sources, return_inverse=True, return_counts=True)
    weight = sizes[of].astype(float) ** -s.balance
    weight /= weight.mean()
    roots = np.sqrt(y.scores)
    offset = np.average(roots, axis=0, weights=weight)
    return np.linalg.solve(k + s.ridge * np.diag(1 / weight), roots - offset), offset


def _gain(k: np.ndarray, y: Labels, s: Settings) -> float:
    """Squares of estimated roots are too low on average: by what factor, on sources left out."""
    folds = folds_by(y.sources)
    root = np.zeros_like(y.scores)
    for f in np.unique(folds):
        train, test = np.where(folds != f)[0], np.where(folds == f)[0]
        alpha, offset = _ridge(k[np.ix_(train, train)], y.take(train), s)
        root[test] = k[np.ix_(test, train)] @ alpha + offset
    return float(y.scores.sum() / score_of(root, s.threshold, 1.0).sum())


def _styles(b: Blocks, y: Labels, s: Settings) -> tuple[np.ndarray, np.ndarray]:
    """A logistic regression a style, as weights of the raw columns."""
    x, mean = b.words(), b.words().mean(0)
    scale = np.concatenate(
        [
            weight / (deviation(block) * np.sqrt(block.shape[1]))
            for block, weight in ((b.question, 1.0), (b.answer, 1.0), (b.features, s.style_features))
        ]
    )
    columns, offsets = [], []
    for named in (y.styles >= 0.5).T:
        if named.all() or not named.any():  # a style that training has never or always seen
            share = np.clip(named.mean(), 1e-3, 1 - 1e-3)
            columns.append(np.zeros(x.shape[1]))
            offsets.append(np.log(share / (1 - share)))
            continue
        model = LogisticRegression(C=1 / s.style_penalty, max_iter=1000).fit((x - mean) * scale, named)
        columns.append(model.coef_[0] * scale)
        offsets.append(model.intercept_[0] - mean @ columns[-1])
    return np.stack(columns, 1).astype(np.float32), np.array(offsets, np.float32)
