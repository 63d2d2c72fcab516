"""How well the heads do on samples that they were not fitted on, beside baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.stats import spearmanr

from cream_train.folds import FOLDS, SEEN, TRAIN, UNSEEN, folds_by, parts
from cream_train.heads import Blocks, Labels, Settings, fit

# Fitted on some rows, a method predicts the scores and styles of others.
Method = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def methods(b: Blocks, y: Labels, s: Settings, answer_words: np.ndarray) -> dict[str, Method]:
    """The bundle's heads and what they must beat."""

    def heads(settings: Settings, shown: Blocks = b) -> Method:
        def predict(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return fit(b.take(train), y.take(train), settings).predict(shown.take(test))

        return predict

    def constant(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores, styles = y.scores[train].mean(0), y.styles[train].mean(0)
        return np.tile(scores, (len(test), 1)), np.tile(styles, (len(test), 1))

    def source_mean(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores, styles = constant(train, test)
        for row, source in enumerate(y.sources[test]):
            same = train[y.sources[train] == source]
            if len(same):
                scores[row], styles[row] = y.scores[same].mean(0), y.styles[same].mean(0)
        return scores, styles

    def length(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        line = np.polyfit(answer_words[train], y.scores[train], 1)
        scores = answer_words[test][:, None] * line[0] + line[1]
        return np.clip(scores, 0, 5), constant(train, test)[1]

    def pictures(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shown = replace(s, question=0.0, answer=0.0, features=0.0)
        return heads(shown)(train, test)[0], constant(train, test)[1]  # styles are read from texts

    return {
        "bundle": heads(s),
        "bundle, pictures withheld in the test": heads(s, b.without_pictures()),
        "trained on text only": heads(replace(s, picture=0.0)),
        "trained on pictures only": pictures,
        "mean of the source": source_mean,
        "line through the answer's length": length,
        "constant": constant,
    }


def evaluation(
    b: Blocks, y: Labels, groups: np.ndarray, s: Settings, answer_words: np.ndarray, names: list[str]
) -> dict:
    """Every method on sources left out in turn, and on the two parts of a test held out once."""
    folds, part = folds_by(y.sources), parts(y.sources, groups)
    train, unseen, seen = (np.where(part == which)[0] for which in (TRAIN, UNSEEN, SEEN))
    sizes = {"train": train, "unseen": unseen, "seen": seen}
    report: dict = {
        "folds": FOLDS,
        "test": {n: {"samples": len(r), "sources": len(set(y.sources[r]))} for n, r in sizes.items()},
        "sources_left_out": {},
        "test_unseen_sources": {},
        "test_seen_sources": {},
    }
    for name, method in methods(b, y, s, answer_words).items():
        report["test_seen_sources"][name] = measure(*method(train, seen), y.take(seen), names)
        if name == "mean of the source":
            continue  # nothing is known of a source that was left out
        report["sources_left_out"][name] = measure(*out_of_fold(folds, method), y, names)
        report["test_unseen_sources"][name] = measure(*method(train, unseen), y.take(unseen), names)
    return report


def out_of_fold(folds: np.ndarray, method: Method) -> tuple[np.ndarray, np.ndarray]:
    """Predictions for every sample by heads that never saw its fold."""
    rows, scores, styles = [], [], []
    for f in np.unique(folds):
        test = np.where(folds == f)[0]
        p, s = method(np.where(folds != f)[0], test)
        rows.append(test)
        scores.append(p)
        styles.append(s)
    order = np.argsort(np.concatenate(rows))
    return np.concatenate(scores)[order], np.concatenate(styles)[order]


def named(values: np.ndarray) -> np.ndarray:
    """The styles that are named: those at 0.5 or above, or else the most probable."""
    out = values >= 0.5
    out[np.arange(len(values)), values.argmax(1)] = True
    return out


def measure(scores: np.ndarray, styles: np.ndarray, y: Labels, names: list[str]) -> dict:
    """Spearman over all pairs, by capability and within a sample; error; Jaccard of the styles.

    The correlation with a constant is 0.
    """
    each = [correlation(p, t) for p, t in zip(scores.T, y.scores.T, strict=True)]
    within = [correlation(p, t) for p, t in zip(scores, y.scores, strict=True) if np.ptp(t) > 0]
    guess, truth = named(styles), named(y.styles)
    jaccard = (guess & truth).sum(1) / (guess | truth).sum(1)
    bias = (scores - y.scores).mean(0)
    return {
        "spearman_all": round(correlation(scores.ravel(), y.scores.ravel()), 3),
        "spearman_mean_capability": round(float(np.mean(each)), 3),
        "spearman_within_sample": round(float(np.mean(within)), 3),
        "mean_absolute_error": round(float(np.abs(scores - y.scores).mean()), 3),
        "style_jaccard": round(float(jaccard.mean()), 3),
        "spearman_by_capability": dict(zip(names, [round(v, 3) for v in each], strict=True)),
        "bias_by_capability": dict(zip(names, [round(float(v), 3) for v in bias], strict=True)),
    }


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(spearmanr(a, b).statistic) if np.ptp(a) > 0 and np.ptp(b) > 0 else 0.0
