import json
from pathlib import Path

import pytest

from cream_train import pool


@pytest.mark.parametrize(
    ("source", "licence"),
    [
        ("bccd", "MIT"),
        ("nlvr", "CC-BY-4.0"),
        ("mimi_eunice_comics", "CC BY-SA (README.md, comics and transcripts)"),
        ("tiny_coco", "image CC-BY-SA-2.0; annotations CC-BY-4.0"),
        ("openstax_people", "CC BY 4.0 (OpenStax, commit before the 2026 licence change)"),
    ],
)
def test_what_may_train(source: str, licence: str) -> None:
    assert pool.may_train(source, licence)


@pytest.mark.parametrize(
    ("source", "licence"),
    [
        ("tiny_coco", "image CC-BY-NC-SA-2.0; annotations CC-BY-4.0"),
        ("tiny_coco", "image CC-BY-NC-ND-2.0; annotations CC-BY-4.0"),
        ("tiny_coco", "image CC BY-ND 2.0"),
        ("tiny_coco", "image cc-by-nc-2.0"),
        ("bccd", "Creative Commons Attribution-NonCommercial"),
        ("bccd", "Attribution-NoDerivatives"),
        ("bccd", "GPL-3.0"),
        ("bccd", "LGPLv3"),
        ("bccd", "AGPL 3"),
        ("bccd", " "),
        ("opencqa", "MIT"),
        ("daquar", "Apache-2.0"),
        ("drivelm", "CC-BY-4.0"),
        ("llava_bench_coco", "Apache-2.0"),
        ("tabmwp", "MIT"),
        ("fewshot", "MIT"),
        ("a source that nobody has looked at", "MIT"),
    ],
)
def test_what_may_not_train(source: str, licence: str) -> None:
    assert not pool.may_train(source, licence)


def write(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_load(tmp_path: Path) -> None:
    said = [{"from": "human", "value": "<image>\nHow many?"}, {"from": "gpt", "value": "Two"}]
    few_shot = {"source": "fewshot", "image": ["a.png", "b.png"], "conversations": said}
    write(
        tmp_path / "samples.jsonl",
        [
            {"id": "1", "image": "a.png", "source": "bccd", "license": "MIT", "conversations": said},
            {"id": "2", "license": "constructed from bccd (MIT)", **few_shot},
            {"id": "3", "license": "constructed from tabmwp (CC BY-NC-SA 4.0)", **few_shot},
        ],
    )
    write(tmp_path / "labels.jsonl", [{"id": "1", "group": "g"}])
    ratings = [
        {"scores": {"x": 1, "y": 4}, "styles": ["yes/no"]},
        {"scores": {"x": 2, "y": 4}, "styles": ["yes/no", "comparison"]},
    ]
    write(tmp_path / "ratings.jsonl", [{"id": "1", "ratings": ratings}])
    one, two, three = pool.load(tmp_path, ["y", "x"])
    assert (one.question, one.answer, one.turns, one.group) == ("How many?", "Two", 2, "g")
    assert one.pictures == [tmp_path / "a.png"]
    assert one.scores is not None and one.scores.tolist() == [4, 1.5]
    assert one.styles == {"yes/no": 1.0, "comparison": 0.5}
    assert two.scores is None and two.group == "2"
    # A few-shot sample is of the source that it was put together from, and as free as that is.
    assert (two.source, two.may_train()) == ("bccd", True)
    assert (three.source, three.may_train()) == ("tabmwp", False)
