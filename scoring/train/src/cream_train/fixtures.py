"""Fixtures that hold the Go side to this one: token ids, features, pixels, scores."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from cream_train import encoders, text
from cream_train.graph import INPUTS

TEXTS = [
    "", "a", "What is the colour of the car?", "Red.", "  spaced \t out\nlines\r\n ",
    "Ünïcödé Äccents café naïve", "图片里有几只猫？", "これは何ですか", "Сколько красных шаров?",
    "🙂 emoji 👩‍👩‍👧 family", "a\u0000b\u200bc\ufffdd", "don't stop—believing… “quotes”", "x" * 120 + " y",
    "$\\frac{1}{2} + x^2 = 3$", "[0.12, 0.34, 0.56, 0.78]", "(A) one (B) two\nC. three D: four",
    "Yes, because the cat is larger. Therefore the dog is smaller.\nSo it is.", "1,234.5 and 67%",
    "word " * 100, "unaffable embeddings tokenization " * 20, "{\"a\": [1, 2]}", "İstanbul ŞIŞLI ǅ ß ﬁ",
    "ⅷ ½ ① Ⅳ", "a\u0301e\u0308 combining", "the same, but different; compare both pictures",
    "Describe the picture step by step.", "B", "(c)", "no", "No!", "MIXED Case TEXT 42",
    "\u3000wide\u3000space",
    "TRUE", "\v False, it is.", "yesterday", "noël", "-12.5 %", "$3/4 + 5", "12\n", "., -",
    "A is larger THAN B, whereas C is not.", "First look, then count:\n1. one\n2. two",
    "Is there a dog? Answer yes or no.", "Which of the following is the correct option? Where is it?",
    "Write a thorough, detailed paragraph; be brief and concise.", "Summarise both images in one sentence.",
    "How many pictures have a similar number of cats? Locate each as a bbox.",
    "Write it as LaTeX or HTML code.",
]  # fmt: skip


def write_text(folder: Path) -> None:
    """Ids of each text as question and as answer, and features of some pairs."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = text.Tokenizer(encoders.vocabulary())
    texts = TEXTS + ["long " + "ab " * 20000 + "end"]
    cases = [
        {
            "text": t,
            "question_ids": tokenizer.ids(t, text.QUESTION_LENGTHS),
            "answer_ids": tokenizer.ids(t, text.ANSWER_LENGTHS),
            "features": text.features(t, TEXTS[(i * 7 + 3) % len(TEXTS)], 2 + i % 3, i % 4),
            "answer": TEXTS[(i * 7 + 3) % len(TEXTS)],
            "turns": 2 + i % 3,
            "pictures": i % 4,
        }
        for i, t in enumerate(texts)
    ]
    document = {"feature_names": list(text.FEATURES), "cases": cases}
    (folder / "reference.json").write_text(json.dumps(document, ensure_ascii=True) + "\n")


def drawing(kind: int, width: int, height: int) -> Image.Image:
    """A picture by formula."""
    y, x = np.mgrid[0:height, 0:width]
    if kind == 0:
        rgb = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], 2)
    elif kind == 1:
        rgb = np.stack([((x // 8 + y // 8) % 2) * 255, (x * y) % 256, 255 - x * 255 // width], 2)
    else:
        rgb = np.stack([(x * 7 + y * 13) % 256, (x * x // 50) % 256, (y * y // 30) % 256], 2)
    return Image.fromarray(rgb.astype(np.uint8), "RGB")


# Question, answer, and the pictures' kind, width and height.
CONVERSATIONS = [
    (
        "What is shown in the picture?\nAnswer the question using a single word or phrase.",
        "A gradient",
        [(0, 301, 199)],
    ),
    ("Is the left square darker than the right one?", "Yes", [(1, 640, 480)]),
    (
        "Compare the two pictures.",
        "The first is smooth, while the second is a checkerboard of small squares.",
        [(0, 64, 48), (1, 500, 333)],
    ),
    (
        "Why does ice float on water?",
        "Because it is less dense: the molecules form an open lattice. Therefore it floats.",
        [],
    ),
    (
        "How many bars are taller than 40? Think step by step. " + "There are many bars in the chart. " * 15,
        "Count them. " * 20 + "The answer is 7.",
        [(2, 800, 200)],
    ),
]


def write_parity(folder: Path) -> dict[str, float]:
    """What ONNX Runtime in Python says of made-up samples, and the size and speed of the model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, ["CPUExecutionProvider"])
    tokenizer = text.Tokenizer(encoders.vocabulary())
    cases, spent = [], 0.0
    for question, answer, drawings in CONVERSATIONS:
        pixels, pictures = [], []
        for kind, width, height in drawings:
            png = io.BytesIO()
            drawing(kind, width, height).save(png, "PNG")
            pixels.append(encoders.load_picture(png))
            pictures.append(
                {
                    "png": base64.b64encode(png.getvalue()).decode(),
                    "resized_sha256": hashlib.sha256(pixels[-1].tobytes()).hexdigest(),
                }
            )
        feed = feeds(tokenizer, question, answer, pixels)
        session.run(None, feed)
        began = time.perf_counter()
        scores, styles = session.run(None, feed)
        spent += time.perf_counter() - began
        cases.append(
            {
                "question": question, "answer": answer, "pictures": pictures,
                "scores": [float(v) for v in scores[0]], "styles": [float(v) for v in styles[0]],
            }
        )  # fmt: skip
    testdata = folder / "testdata"
    testdata.mkdir(exist_ok=True)
    (testdata / "parity.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")
    return {
        "model_megabytes": round((folder / "model.onnx").stat().st_size / 1e6, 1),
        "milliseconds_a_sample_one_thread": round(spent / len(CONVERSATIONS) * 1000, 1),
    }


def feeds(
    tokenizer: text.Tokenizer, question: str, answer: str, pixels: list[np.ndarray]
) -> dict[str, np.ndarray]:
    """The graph's inputs for one sample of two turns."""
    q = np.array([tokenizer.ids(question, text.QUESTION_LENGTHS)])
    a = np.array([tokenizer.ids(answer, text.ANSWER_LENGTHS)])
    cheap = np.array([text.features(question, answer, 2, len(pixels))], np.float32)
    stack = np.stack(pixels) if pixels else np.zeros((1, encoders.SIZE, encoders.SIZE, 3), np.uint8)
    owner = np.zeros(len(pixels), np.int64) if pixels else np.array([-1])
    values = [stack, owner, q, (q != 0).astype(np.int64), a, (a != 0).astype(np.int64), cheap]
    return dict(zip(INPUTS, values, strict=True))
