"""Train the starter bundle: python -m cream_train --pool DIR --out DIR."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from cream_train import bundle, compress, encoders, evaluate, fixtures, graph, pool, text
from cream_train.heads import Blocks, Weights, fit

# Chosen by leaving sources out: see MODEL_CARD.md.
WEIGHTS = Weights(picture=1.4, question=1.4, answer=1.0, features=0.8)
RIDGE = 0.3
THRESHOLD = 0.4  # on the square root of a score


def embed(samples: list[pool.Sample], pictures: encoders.Pictures, texts: encoders.Texts) -> Blocks:
    tokenizer = text.Tokenizer(encoders.vocabulary())
    rows: list[list[np.ndarray]] = []
    for i, s in enumerate(samples):
        with torch.no_grad():
            seen = np.zeros(1280, np.float32)
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


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--pool", type=Path, required=True, help="folder of the judged pool")
    args.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    args.add_argument("--text-fixtures", type=Path, help="folder for the tokenizer's fixtures")
    a = args.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(2)
    a.out.mkdir(parents=True, exist_ok=True)

    samples = [
        s
        for s in pool.load(a.pool, bundle.CAPABILITIES)
        if s.scores is not None and pool.may_train(s.source, s.licence)
    ]
    print(f"{len(samples)} judged samples that may train weights that ship")
    pictures, texts = encoders.Pictures(), encoders.Texts()
    compress.round_weights(pictures)
    compress.round_weights(texts)
    b = embed(samples, pictures, texts)
    y = np.array([s.scores for s in samples])
    st = np.array([[s.styles.get(n, 0.0) for n in bundle.STYLES] for s in samples])

    report = evaluation(samples, b, y, st)
    heads = fit(b, y, st, WEIGHTS, RIDGE, THRESHOLD)
    model = graph.Scorer(pictures, texts, heads)
    graph.export(model, b.features.shape[1], a.out / "model.onnx")
    (a.out / "vocab.txt").write_bytes(encoders.vocabulary().read_bytes())
    report["runtime"] = fixtures.write_parity(a.out)
    (a.out / "evaluation.json").write_text(json.dumps(report, indent=2) + "\n")
    bundle.write_manifest(a.out)
    bundle.write_card(a.out, report, samples)
    if a.text_fixtures:
        fixtures.write_text(a.text_fixtures)


def evaluation(samples: list[pool.Sample], b: Blocks, y: np.ndarray, st: np.ndarray) -> dict:
    sources = evaluate.folds_by(np.array([s.source for s in samples]))
    groups = evaluate.folds_by(np.array([s.group for s in samples]))
    words = b.features[:, list(text.FEATURES).index("log_answer_words")]

    def heads(w: Weights) -> evaluate.Predict:
        return evaluate.kernel_heads(b, y, st, w, RIDGE, THRESHOLD)

    def run(folds: np.ndarray, predict: evaluate.Predict) -> dict:
        p, s = evaluate.out_of_fold(folds, predict)
        return evaluate.measure(p, y, s, st, bundle.CAPABILITIES)

    return {
        "samples": len(samples),
        "sources": len({s.source for s in samples}),
        "sources_left_out": {
            "bundle": run(sources, heads(WEIGHTS)),
            "text only": run(sources, heads(Weights(0.0, WEIGHTS.question, WEIGHTS.answer, WEIGHTS.features))),
            "picture only": run(sources, heads(Weights(WEIGHTS.picture, 0.0, 0.0, 0.0))),
            "answer length": run(sources, evaluate.length(words, y, st)),
            "constant": run(sources, evaluate.constant(y, st)),
        },
        "groups_left_out": {"bundle": run(groups, heads(WEIGHTS))},
    }


if __name__ == "__main__":
    main()
