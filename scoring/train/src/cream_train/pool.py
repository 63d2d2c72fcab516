"""The pool of judged samples: read, and cut down to what may train weights that ship."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Sources whose licence (non-commercial, copyleft or research only) forbids it,
# and the few-shot samples, which pull in-context learning down elsewhere.
UNCLEAN_SOURCES = frozenset(
    {"daquar", "drivelm", "llava_bench_coco", "opencqa", "tabmwp", "fewshot"}
)


@dataclass(frozen=True)
class Sample:
    id: str
    source: str
    licence: str
    group: str
    question: str
    answer: str
    turns: int
    pictures: list[Path]
    scores: np.ndarray | None  # [capabilities], mean over the judges
    styles: dict[str, float] | None  # style to the share of judges that named it


def may_train(source: str, licence: str) -> bool:
    """Whether the licence lets weights trained on the sample be shipped."""
    upper = licence.upper()
    if source in UNCLEAN_SOURCES or "GPL" in upper:
        return False
    return "-NC" not in upper and "-ND" not in upper


def texts(conversations: list[dict[str, str]]) -> tuple[str, str]:
    """Question (all human turns) and answer (all gpt turns), without picture markers."""
    question = [t["value"] for t in conversations if t["from"] == "human"]
    answer = [t["value"] for t in conversations if t["from"] == "gpt"]
    return join(question), join(answer)


def join(parts: list[str]) -> str:
    return "\n".join(p.replace("<image>", "").strip(" \t\n\r\f\v") for p in parts)


def load(folder: Path, capabilities: list[str]) -> list[Sample]:
    """Every sample of the pool, judged or not."""
    ratings = {r["id"]: r["ratings"] for r in lines(folder / "ratings.jsonl")}
    groups = {r["id"]: r["group"] for r in lines(folder / "labels.jsonl")}
    out = []
    for s in lines(folder / "samples.jsonl"):
        question, answer = texts(s["conversations"])
        image = s.get("image")
        paths = [image] if isinstance(image, str) else (image or [])
        scores = styles = None
        if judged := ratings.get(s["id"]):
            scores = np.mean([[r["scores"][c] for c in capabilities] for r in judged], axis=0)
            styles = {}
            for r in judged:
                for name in r["styles"]:
                    styles[name] = styles.get(name, 0.0) + 1 / len(judged)
        out.append(
            Sample(
                s["id"], s["source"], s["license"], groups.get(s["id"], s["id"]), question, answer,
                len(s["conversations"]), [folder / p for p in paths], scores, styles,
            )
        )  # fmt: skip
    return out


def lines(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)
