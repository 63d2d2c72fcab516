import numpy as np

from cream_train.folds import FOLDS, SEEN, TRAIN, UNSEEN, connected, folds_by, parts

RANDOM = np.random.default_rng(0)
SOURCES = np.array([f"source {i}" for i in RANDOM.integers(0, 40, 3000)])
GROUPS = np.array([f"{s}: {i}" for s, i in zip(SOURCES, RANDOM.integers(0, 30, 3000), strict=True)])


def spread(labels: np.ndarray, parts: np.ndarray) -> int:
    """In how many parts the most spread label is."""
    return max(len(set(parts[labels == label])) for label in set(labels))


def test_folds_keep_a_label_together_and_are_of_about_one_size() -> None:
    folds = folds_by(SOURCES)
    assert spread(SOURCES, folds) == 1
    sizes = np.bincount(folds, minlength=FOLDS)
    assert sizes.min() > 0.8 * sizes.max()


def test_parts_keep_unseen_sources_and_all_groups_together() -> None:
    part = parts(SOURCES, GROUPS)
    assert spread(GROUPS, part) == 1
    unseen = set(SOURCES[part == UNSEEN])
    assert len(unseen) == 10
    assert not unseen & (set(SOURCES[part == TRAIN]) | set(SOURCES[part == SEEN]))
    assert 0.1 < (part == SEEN).mean() < 0.2


def test_parts_do_not_depend_on_the_order() -> None:
    order = RANDOM.permutation(len(SOURCES))
    assert (parts(SOURCES[order], GROUPS[order]) == parts(SOURCES, GROUPS)[order]).all()


def test_connected_joins_what_shares_a_key_however_indirectly() -> None:
    names = connected([["a", "1"], ["b", "2"], ["c", "3"], ["d", "2", "3"], ["e"], ["f", "1"]])
    assert names[0] == names[5]
    assert names[1] == names[2] == names[3]
    assert len(set(names)) == 3
