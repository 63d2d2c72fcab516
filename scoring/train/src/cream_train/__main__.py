"""Train the starter bundle: python -m cream_train --pool DIR --out DIR."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from cream_train import bundle, card, compress, encoders, fixtures, graph, pool, text
from cream_train.evaluate import evaluation
from cream_train.folds import connected
from cream_train.heads import Blocks, Labels, Settings, fit


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--pool", type=Path, required=True, help="folder of the judged pool")
    args.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    args.add_argument("--text-fixtures", type=Path, help="folder for the tokenizer's fixtures")
    a = args.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(2)
    a.out.mkdir(parents=True, exist_ok=True)

    samples = [s for s in pool.load(a.pool, bundle.CAPABILITIES) if s.scores is not None and s.may_train()]
    print(f"{len(samples)} judged samples that may train weights that ship")
    pictures, texts = encoders.Pictures(), encoders.Texts()
    compress.round_weights(pictures)
    compress.round_weights(texts)
    b, y, settings = embed(samples, pictures, texts), labels(samples), Settings()

    report = describe(samples, settings) | evaluation(
        b,
        y,
        groups(samples),
        settings,
        b.features[:, list(text.FEATURES).index("log_answer_words")],
        bundle.CAPABILITIES,
    )
    model = graph.Scorer(pictures, texts, fit(b, y, settings))
    graph.export(model, b.features.shape[1], a.out / "model.onnx")
    (a.out / "vocab.txt").write_bytes(encoders.vocabulary().read_bytes())
    report["runtime"] = fixtures.write_parity(a.out)
    (a.out / "evaluation.json").write_text(json.dumps(report, indent=2) + "\n")
    bundle.write_manifest(a.out)
    card.write_card(a.out, report, samples)
    if a.text_fixtures:
        fixtures.write_text(a.text_fixtures)


def embed(samples: list[pool.Sample], pictures: encoders.Pictures, texts: encoders.Texts) -> Blocks:
    """What the graph's encoders say of each sample, one at a time."""
    tokenizer = text.Tokenizer(encoders.vocabulary())
    rows: list[list[np.ndarray]] = []
    for i, s in enumerate(samples):
        with torch.no_grad():
            seen = np.zeros(pictures.WIDTH, np.float32)
            if s.pictures:
                stack = np.stack([encoders.load_picture(p) for p in s.pictures[: bundle.MAX_PICTURES]])
                seen = pictures(torch.from_numpy(stack)).mean(0).numpy()
            row = [seen]
            for words, lengths in ((s.question, text.QUESTION_LENGTHS), (s.answer, text.ANSWER_LENGTHS)):
                ids = torch.tensor([tokenizer.ids(words, lengths)])
                row.append(texts(ids, (ids != 0).long())[0].numpy())
        row.append(np.asarray(text.features(s.question, s.answer, s.turns, len(s.pictures)), np.float32))
        rows.append(row)
        if i % 200 == 0:
            print(f"embedded {i} of {len(samples)}", flush=True)
    picture, question, answer, cheap = (np.stack(c) for c in zip(*rows, strict=True))
    return Blocks(picture, question, answer, cheap, np.array([float(bool(s.pictures)) for s in samples]))


def labels(samples: list[pool.Sample]) -> Labels:
    return Labels(
        np.array([s.scores for s in samples]),
        np.array([[s.styles.get(n, 0.0) for n in bundle.STYLES] for s in samples]),
        np.array([s.source for s in samples]),
    )


def groups(samples: list[pool.Sample]) -> np.ndarray:
    """Samples of one picture or puzzle, which may not be on both sides of a test."""
    return connected([[s.group, *map(str, s.pictures)] for s in samples])


def describe(samples: list[pool.Sample], settings: Settings) -> dict:
    """What the heads are fitted on, and how."""
    return {
        "samples": len(samples),
        "sources": len({s.source for s in samples}),
        "settings": asdict(settings),
    }


if __name__ == "__main__":
    main()
