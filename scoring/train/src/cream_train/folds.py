"""Parts of the samples that keep what belongs together together."""

from __future__ import annotations

import hashlib

import numpy as np

FOLDS = 10
TRAIN, SEEN, UNSEEN = 0, 1, 2


def connected(keys: list[list[str]]) -> np.ndarray:
    """One name for each sample, its own or another's first key: the same for those that share a key,
    however indirectly."""
    number, holder = np.arange(len(keys)), {}
    for i, own in enumerate(keys):
        for key in own:
            number[number == number[i]] = number[holder.setdefault(key, i)]
    return np.array([keys[n][0] for n in number])


def folds_by(labels: np.ndarray) -> np.ndarray:
    """One of FOLDS for each sample. All samples of a label are in one; the folds are of about equal size."""
    names, counts = np.unique(labels, return_counts=True)
    load, fold = np.zeros(FOLDS), {}
    for i in np.argsort(-counts, kind="stable"):
        fold[names[i]] = int(load.argmin())
        load[load.argmin()] += counts[i]
    return np.array([fold[label] for label in labels])


def parts(sources: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """TRAIN, or a part of the test: UNSEEN, a quarter of the sources, or SEEN, about a sixth of the other
    groups. Samples of one group share a picture. Which is which is told by a hash of the name."""
    names = sorted(set(sources), key=_hash)
    left_out = set(names[: len(names) // 4])
    return np.array(
        [
            UNSEEN if s in left_out else SEEN if _hash(g) % 6 == 0 else TRAIN
            for s, g in zip(sources, groups, strict=True)
        ]
    )


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
