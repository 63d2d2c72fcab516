"""How well the heads do on sources that they were not fitted on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import spearmanr

from cream_train.heads import Blocks, Weights, fit

FOLDS = 6
Predict = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def folds_by(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """A fold for each sample; all samples of one label are in one fold."""
    names = sorted(set(labels))
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[p]: i % FOLDS for i, p in enumerate(order)}
    return np.array([fold[x] for x in labels])


def out_of_fold(folds: np.ndarray, predict: Predict) -> tuple[np.ndarray, np.ndarray]:
    """Predictions for every sample by heads that never saw its fold."""
    scores = styles = None
    for f in range(FOLDS):
        train, test = np.where(folds != f)[0], np.where(folds == f)[0]
        p, s = predict(train, test)
        if scores is None:
            scores, styles = np.zeros((len(folds), p.shape[1])), np.zeros((len(folds), s.shape[1]))
        scores[test], styles[test] = p, s
    return scores, styles


def kernel_heads(b: Blocks, y: np.ndarray, st: np.ndarray, w: Weights, ridge: float, threshold: float) -> Predict:
    def predict(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return fit(b.take(train), y[train], st[train], w, ridge, threshold).predict(b.take(test))

    return predict


def constant(y: np.ndarray, st: np.ndarray) -> Predict:
    def predict(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (np.tile(v[train].mean(0), (len(test), 1)) for v in (y, st))  # type: ignore[return-value]

    return predict


def length(answer_words: np.ndarray, y: np.ndarray, st: np.ndarray) -> Predict:
    """Every score a line through the logarithm of the answer's length."""

    def predict(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        line = [np.polyfit(answer_words[train], y[train, c], 1) for c in range(y.shape[1])]
        scores = np.stack([np.polyval(p, answer_words[test]) for p in line], 1)
        return np.clip(scores, 0, 5), np.tile(st[train].mean(0), (len(test), 1))

    return predict


def named(values: np.ndarray) -> np.ndarray:
    """The styles that are named: those at 0.5 or above, or else the most probable."""
    out = values >= 0.5
    out[np.arange(len(values)), values.argmax(1)] = True
    return out


def measure(p: np.ndarray, y: np.ndarray, styles: np.ndarray, st: np.ndarray, names: list[str]) -> dict:
    """Spearman over all pairs, by capability and within a sample; error; Jaccard of the styles."""
    within = [spearmanr(a, b).statistic for a, b in zip(p, y, strict=True) if a.std() > 0 and b.std() > 0]
    each = [
        float(spearmanr(p[:, c], y[:, c]).statistic) if p[:, c].std() > 0 else 0.0
        for c in range(y.shape[1])
    ]
    guess, truth = named(styles), named(st)
    jaccard = (guess & truth).sum(1) / (guess | truth).sum(1)
    return {
        "spearman_all": round(float(spearmanr(p.ravel(), y.ravel()).statistic), 3),
        "spearman_mean_capability": round(float(np.mean(each)), 3),
        "spearman_within_sample": round(float(np.mean(within)) if within else 0.0, 3),
        "mean_absolute_error": round(float(np.abs(p - y).mean()), 3),
        "style_jaccard": round(float(jaccard.mean()), 3),
        "spearman_by_capability": dict(zip(names, [round(v, 3) for v in each], strict=True)),
        "bias_by_capability": dict(zip(names, [round(float(v), 3) for v in (p - y).mean(0)], strict=True)),
    }
