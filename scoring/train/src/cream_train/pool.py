"""The pool of judged samples: read, and cut down to what may train weights that ship."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cream_train.sources import UPSTREAM

# A few-shot sample is put together from another source's: its licence tells which, and it counts as that
# source's, lest a source be on both sides of a test.
FEW_SHOT = re.compile(r"constructed from (\w+)")
RESTRICTED = re.compile(r"\b(NC|ND)\b|GPL|non-?commercial|no-?deriv", re.IGNORECASE)


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

    def may_train(self) -> bool:
        return may_train(self.source, self.licence)


def source_of(source: str, licence: str) -> str:
    parts = FEW_SHOT.match(licence)
    return parts[1] if source == "fewshot" and parts else source


def may_train(source: str, licence: str) -> bool:
    """Whether weights trained on the sample may be shipped: the source is a known one, and the sample's own
    licence, which must be told, neither forbids commercial use or changes, nor is a GPL."""
    return source in UPSTREAM and bool(licence.strip()) and not RESTRICTED.search(licence)


def texts(conversations: list[dict[str, str]]) -> tuple[str, str]:
    """Question (all human turns) and answer (all gpt turns), without picture markers."""
    question = [t["value"] for t in conversations if t["from"] == "human"]
    answer = [t["value"] for t in conversations if t["from"] == "gpt"]
    return join(question), join(answer)


def join(parts: list[str]) -> str:
    said = (p.replace("<image>", "").strip(" \t\n\r\f\v") for p in parts)
    return "\n".join(s for s in said if s)


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
                id=s["id"],
                source=source_of(s["source"], s["license"]),
                licence=s["license"],
                group=groups.get(s["id"], s["id"]),
                question=question,
                answer=answer,
                turns=len(s["conversations"]),
                pictures=[folder / p for p in paths],
                scores=scores,
                styles=styles,
            )
        )
    return out


def lines(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)
