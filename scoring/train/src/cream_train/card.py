"""The bundle's model card: what it is, how good it is, what it was made from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cream_train.bundle import CAPABILITIES, NAME, PROVENANCE, VERSION
from cream_train.pool import Sample
from cream_train.sources import UPSTREAM

TABLES = {
    "sources_left_out": "### Every source left out once",
    "test_unseen_sources": "### Test, sources that training never saw",
    "test_seen_sources": "### Test, other samples of sources that training saw",
}


def write_card(folder: Path, report: dict, samples: list[Sample]) -> None:
    parts = [introduction(), quality(report), limits(report), origin(samples)]
    (folder / "MODEL_CARD.md").write_text("\n\n".join(parts) + "\n")


def table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])


def introduction() -> str:
    return f"""# {NAME} {VERSION}

Rates a sample (pictures and conversation) from 0 to 5 for 14 vision-language capabilities and
names its interaction styles. It is meant as a start: small enough for a laptop's processor, and
replaced by a bundle of your own where the choice matters.

EfficientNet-Lite0 sees the pictures (squashed to 224 × 224, several averaged), MiniLM-L6-v2 reads
question and answer, both frozen. Kernel ridge regression on their embeddings and on cheap text
features gives the square root of each score (below a threshold the score is exactly 0); a logistic
regression a style, on the texts alone, gives the styles. Weights are stored in 8 and 16 bits and
computed with in 32, and a sample's scores do not depend on the batch it is in."""


def quality(report: dict) -> str:
    train, unseen, seen = (report["test"][part] for part in ("train", "unseen", "seen"))
    left_out = report["sources_left_out"]["bundle"]
    parts = [
        f"""## How good it is

{report["samples"]} samples of {report["sources"]} sources, judged by a vision-language model with the
question of the mmSSR paper. Much of what a scorer learns is to recognise a source; so the figures
that count are those for sources that it was not trained on. Two such judges agree at 0.89 to 0.92
over all pairs and at 0.96 in styles; that is the ceiling.

The first table leaves sources out in turn, in {report["folds"]} folds; the settings were chosen by it.
The others, with the same settings, are of heads trained on {train["samples"]} samples of {train["sources"]}
sources, and tested on {unseen["samples"]} samples of {unseen["sources"]} other sources and on
{seen["samples"]} other samples of {seen["sources"]} of the same ones (no picture or puzzle is on both sides).
The bundle itself is then trained on all."""
    ]
    for name, title in TABLES.items():
        parts += [title, methods_table(report[name])]
    parts += [
        "### By capability, every source left out once",
        table(
            ["capability", "Spearman", "mean prediction less mean judgement"],
            [
                [
                    name,
                    f"{left_out['spearman_by_capability'][name]:.3f}",
                    f"{left_out['bias_by_capability'][name]:+.3f}",
                ]
                for name in CAPABILITIES
            ],
        ),
        f"The model takes {report['runtime']['model_megabytes']} MB on disk and about "
        f"{report['runtime']['milliseconds_a_sample_one_thread']} ms a sample\n"
        "on one core of the machine that made it.",
    ]
    return "\n\n".join(parts)


def methods_table(methods: dict[str, dict]) -> str:
    figures = {
        "spearman_all": "Spearman, all pairs",
        "spearman_mean_capability": "mean by capability",
        "spearman_within_sample": "within a sample",
        "mean_absolute_error": "mean absolute error",
        "style_jaccard": "style Jaccard",
    }
    rows = [[name, *(f"{m[figure]:.3f}" for figure in figures)] for name, m in methods.items()]
    return table(["", *figures.values()], rows)


def limits(report: dict) -> str:
    unseen, seen = (report[t]["bundle"]["spearman_all"] for t in ("test_unseen_sources", "test_seen_sources"))
    return f"""## Limits

- On data unlike its training it is weaker: {unseen:.2f} over all pairs, against {seen:.2f} where it knows
  the source.
- The text encoder knows English; other languages are scored by what their pieces resemble.
- It cannot tell whether an answer is right, only what such samples were rated.
- The pool has few samples that train activity recognition, humanities, causal reasoning or scene
  understanding; in-context learning is known from 48 few-shot samples, put together from six sources.
- A text-only sample is scored as if it had the average picture.
- Rankings within one source are weaker than between sources."""


def origin(samples: list[Sample]) -> str:
    counts = Counter((s.source, s.licence) for s in samples)
    return "\n\n".join(
        [
            "## What it was made from",
            "\n".join(f"- {p['what']}: {p['from']} ({p['licence']})" for p in PROVENANCE),
            "Training samples by source, with where it is from and the licence given for the samples. This\n"
            "credits the sources under CC BY licences: their pictures and texts were used to make\n"
            "conversations and to fit the heads. The bundle holds numbers computed from them, and none of\n"
            "them itself. What was constructed from a source are few-shot samples.",
            table(
                ["source", "GitHub repository @ commit", "licence", "samples"],
                [
                    [source, UPSTREAM[source], licence, str(n)]
                    for (source, licence), n in sorted(counts.items())
                ],
            ),
        ]
    )
