import numpy as np
import torch
from torch import nn

from cream_train.evaluate import evaluation, measure
from cream_train.graph import Scorer
from cream_train.heads import Blocks, Labels, Settings, fit, score_of

WIDTHS = (7, 5, 5, 3)
NAMES = ["one", "two"]


def made_up(n: int) -> tuple[Blocks, Labels]:
    """Scores and styles that can be told from the blocks, more or less."""
    random = np.random.default_rng(1)
    picture, question, answer, features = (random.normal(size=(n, w)).astype(np.float32) for w in WIDTHS)
    has = (random.random(n) < 0.8).astype(float)
    picture *= has[:, None].astype(np.float32)
    scores = np.clip(np.stack([2 + question[:, 0] + picture[:, 0], 2 * answer[:, 1]], 1).round(), 0, 5)
    named = answer[:, 0] > 0
    styles = np.stack([named, ~named, np.zeros(n)], 1).astype(float)
    sources = np.array([f"s{i % 20}" for i in range(n)])
    return Blocks(picture, question, answer, features, has), Labels(scores, styles, sources)


class Given(nn.Module):
    """Stands for an encoder: what it is given is the embedding already."""

    def forward(self, x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return x


def graph_says(model: Scorer, b: Blocks) -> tuple[np.ndarray, np.ndarray]:
    seen = np.where(b.has_picture > 0)[0]
    question, answer = torch.from_numpy(b.question), torch.from_numpy(b.answer)
    pictures = torch.from_numpy(b.picture[seen])
    with torch.no_grad():
        scores, styles = model(
            pictures, torch.from_numpy(seen), question, question, answer, answer, torch.from_numpy(b.features)
        )
    return scores.numpy(), styles.numpy()


def test_the_graph_says_what_the_heads_predict() -> None:
    b, y = made_up(200)
    heads = fit(b.take(np.arange(150)), y.take(np.arange(150)), Settings())
    test = b.take(np.arange(150, 200))
    scores, styles = heads.predict(test)
    got_scores, got_styles = graph_says(Scorer(Given(), Given(), heads), test)
    assert got_scores.shape == (50, 2) and got_styles.shape == (50, 3)
    np.testing.assert_allclose(got_scores, scores, atol=1e-4)
    np.testing.assert_allclose(got_styles, styles, atol=1e-5)


def test_the_graph_averages_the_pictures_of_a_sample() -> None:
    b, y = made_up(200)
    model = Scorer(Given(), Given(), fit(b, y, Settings()))
    one = b.take(np.where(b.has_picture > 0)[0][:1])
    text = [torch.from_numpy(x) for x in (one.question, one.question, one.answer, one.answer, one.features)]
    away = torch.ones(1, WIDTHS[0])
    picture = torch.from_numpy(one.picture)
    alone, _ = model(picture, torch.tensor([0]), *text)
    around, _ = model(torch.cat([picture - away, picture + away]), torch.tensor([0, 0]), *text)
    nobodys, _ = model(torch.cat([picture, away]), torch.tensor([0, -1]), *text)
    torch.testing.assert_close(around, alone)
    torch.testing.assert_close(nobodys, alone)


def test_a_sample_without_pictures_stands_where_the_average_one_does() -> None:
    b, y = made_up(200)
    heads = fit(b, y, Settings())
    mean = b.picture[b.has_picture > 0].mean(0)
    average = Blocks(np.tile(mean, (200, 1)), b.question, b.answer, b.features, np.ones(200))
    np.testing.assert_allclose(
        heads.predict(b.without_pictures())[0], heads.predict(average)[0], rtol=1e-3, atol=1e-4
    )


def test_scores_below_the_threshold_are_0_and_none_is_above_5() -> None:
    roots = np.array([[-1.0, 0.39, 0.4, 2.0, 3.0]])
    np.testing.assert_allclose(score_of(roots, 0.4, 1.1), [[0, 0, 0.176, 4.4, 5]])


def test_the_evaluation_has_every_method_and_the_heads_beat_a_constant() -> None:
    b, y = made_up(400)
    groups = np.array([str(i // 2) for i in range(400)])
    report = evaluation(b, y, groups, Settings(), b.features[:, 0], NAMES)
    for table in ("sources_left_out", "test_unseen_sources", "test_seen_sources"):
        methods = report[table]
        assert ("mean of the source" in methods) == (table == "test_seen_sources")
        assert methods["bundle"]["spearman_all"] > 0.2 + methods["constant"]["spearman_all"]
        assert methods["bundle"]["style_jaccard"] > methods["constant"]["style_jaccard"]
    assert sum(part["samples"] for part in report["test"].values()) == 400


def test_measures_of_a_perfect_prediction() -> None:
    _, y = made_up(50)
    m = measure(y.scores, y.styles, y, NAMES)
    assert m["spearman_all"] == m["spearman_mean_capability"] == m["style_jaccard"] == 1
    assert m["mean_absolute_error"] == 0
