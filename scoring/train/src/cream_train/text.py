"""Conversation text to token ids and to cheap features; the Go side does the same."""

from __future__ import annotations

import math
import re
from pathlib import Path

from tokenizers import BertWordPieceTokenizer

# A text is cut to its first and last so many characters before anything else:
# no model of this size sees more, and a host must not choke on megabytes.
KEEP_CHARACTERS = 16384
QUESTION_LENGTHS = [16, 32, 64]
ANSWER_LENGTHS = [16, 32]

SPACE = " \t\n\r\f\v"
LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}  # ASCII alone: the same in every language
WORD = re.compile(r"[^ \t\n\r\f\v]+")
NUMBER = re.compile(r"[0-9]+")
COORDINATE = re.compile(r"[\[(] ?[0-9]+(\.[0-9]+)? ?, ?[0-9]")
OPTION = re.compile(r"(^|[ \t\n(])[A-Ea-e][.):]")


def cut(text: str) -> str:
    if len(text) <= 2 * KEEP_CHARACTERS:
        return text
    return text[:KEEP_CHARACTERS] + text[-KEEP_CHARACTERS:]


class Tokenizer:
    """WordPiece of BERT uncased, truncated to the first 3/4 and the last 1/4."""

    def __init__(self, vocabulary: Path) -> None:
        self.inner = BertWordPieceTokenizer(str(vocabulary), lowercase=True)

    def ids(self, text: str, lengths: list[int]) -> list[int]:
        """[CLS] … [SEP], padded with 0 to the smallest of lengths that holds it."""
        ids = self.inner.encode(cut(text), add_special_tokens=False).ids
        room = lengths[-1] - 2
        if len(ids) > room:
            tail = room // 4
            ids = ids[: room - tail] + ids[-tail:]
        ids = [101, *ids, 102]
        length = next(n for n in lengths if n >= len(ids))
        return ids + [0] * (length - len(ids))


def features(question: str, answer: str, turns: int, pictures: int) -> list[float]:
    """Cheap text features, in the order of FEATURES. Only ASCII classes are looked at."""
    q, a = cut(question), cut(answer)
    return [f(q, a, turns, pictures) for f in FEATURES.values()]


def _words(t: str) -> int:
    return len(WORD.findall(t))


def _log(n: int) -> float:
    return math.log1p(n)


def _share(n: int, of: int) -> float:
    return n / of if of else 0.0


def _digits(t: str) -> int:
    return sum("0" <= c <= "9" for c in t)


def _upper(t: str) -> int:
    return sum("A" <= c <= "Z" for c in t)


def _maths(t: str) -> int:
    return sum(c in "$\\^=+<>{}" for c in t)


def _first_word(t: str) -> str:
    low = t.lstrip(SPACE).translate(LOWER)
    return re.split(r"[^a-z]", low, maxsplit=1)[0]


def _is_number(t: str) -> float:
    return float(bool(NUMBER.search(t)) and all(c in " 0123456789.,%+-/$" for c in t))


def _starts(t: str, *words: str) -> float:
    return float(t.lstrip(SPACE).translate(LOWER).startswith(words))


def _has(t: str, *needles: str) -> float:
    low = t.translate(LOWER)
    return float(any(n in low for n in needles))


def _ends_with(t: str, marks: str) -> float:
    stripped = t.rstrip(SPACE)
    return float(bool(stripped) and stripped[-1] in marks)


FEATURES = {
    "log_question_words": lambda q, a, t, p: _log(_words(q)),
    "log_answer_words": lambda q, a, t, p: _log(_words(a)),
    "log_answer_chars": lambda q, a, t, p: _log(len(a)),
    "log_answer_lines": lambda q, a, t, p: _log(a.count("\n")),
    "log_answer_sentences": lambda q, a, t, p: _log(a.count(". ") + a.count(".\n")),
    "question_digit_share": lambda q, a, t, p: _share(_digits(q), len(q)),
    "answer_digit_share": lambda q, a, t, p: _share(_digits(a), len(a)),
    "question_maths_share": lambda q, a, t, p: _share(_maths(q), len(q)),
    "answer_maths_share": lambda q, a, t, p: _share(_maths(a), len(a)),
    "answer_upper_share": lambda q, a, t, p: _share(_upper(a), len(a)),
    "answer_numbers": lambda q, a, t, p: _log(len(NUMBER.findall(a))),
    "question_options": lambda q, a, t, p: _log(len(OPTION.findall(q))),
    "answer_is_option": lambda q, a, t, p: float(
        _words(a) <= 1 and a.strip(SPACE + ".():").translate(LOWER) in set("abcdefgh")
    ),
    "answer_coordinates": lambda q, a, t, p: float(bool(COORDINATE.search(a))),
    "question_coordinates": lambda q, a, t, p: float(bool(COORDINATE.search(q))),
    "answer_yes_no": lambda q, a, t, p: _starts(a, "yes", "no"),
    "question_asks_word": lambda q, a, t, p: _has(q, "single word", "one word", "phrase"),
    "question_asks_steps": lambda q, a, t, p: _has(q, "step by step", "explain", "reason", "why"),
    "question_asks_letter": lambda q, a, t, p: _has(q, "option's letter", "choose", "options:"),
    "question_asks_describe": lambda q, a, t, p: _has(q, "describe", "description", "caption"),
    "question_asks_compare": lambda q, a, t, p: _has(q, "compare", "differ", "both", "same"),
    "question_asks_format": lambda q, a, t, p: _has(q, "json", "format", "table", "list"),
    "question_asks_box": lambda q, a, t, p: _has(q, "bounding box", "coordinate", "[x"),
    "answer_reasons": lambda q, a, t, p: _has(a, "because", "therefore", "so the", "thus"),
    "answer_json": lambda q, a, t, p: _has(a, "{", "|"),
    "answer_ends_sentence": lambda q, a, t, p: _ends_with(a, ".!?"),
    "log_turns": lambda q, a, t, p: _log(t),
    "log_pictures": lambda q, a, t, p: _log(p),
    "log_answer_words_per_turn": lambda q, a, t, p: math.log1p(_words(a) / max(t, 1)),
    "answer_is_yes_no": lambda q, a, t, p: float(_first_word(a) in ("yes", "no", "true", "false")),
    "answer_is_number": lambda q, a, t, p: _is_number(a),
    "answer_compares": lambda q, a, t, p: _has(
        a, "while", "whereas", "both", "difference", " than ", "in contrast"
    ),
    "answer_steps": lambda q, a, t, p: _has(a, "1.", "2.", "first", "then", "finally"),
    "question_asks_yes_no": lambda q, a, t, p: _has(
        q, "yes or no", "yes/no", "true or false", "is there", "are there"
    ),
    "question_asks_choice": lambda q, a, t, p: _has(
        q, "letter of the", "correct option", "which of the following"
    ),
    "question_asks_detail": lambda q, a, t, p: _has(q, "detail", "thorough", "comprehensive", "paragraph"),
    "question_asks_brief": lambda q, a, t, p: _has(
        q, "brief", "one sentence", "short sentence", "concise", "summar"
    ),
    "question_asks_place": lambda q, a, t, p: _has(q, "locate", "where", "position", "bbox"),
    "question_asks_count": lambda q, a, t, p: _has(q, "how many", "count", "number of"),
    "question_asks_markup": lambda q, a, t, p: _has(
        q, "markdown", "csv", "bullet", "yaml", "html", "latex", "code"
    ),
    "question_asks_several": lambda q, a, t, p: _has(q, "images", "pictures", "first image", "second image"),
    "question_asks_similar": lambda q, a, t, p: _has(q, "similar", " than ", "in common", "contrast"),
}
