import math

import pytest

from cream_train import encoders, pool, text


@pytest.fixture(scope="module")
def tokenizer() -> text.Tokenizer:
    return text.Tokenizer(encoders.vocabulary())


def test_ids_are_framed_and_padded_to_the_smallest_length(tokenizer: text.Tokenizer) -> None:
    ids = tokenizer.ids("Red.", text.ANSWER_LENGTHS)
    assert ids == [101, 2417, 1012, 102] + [0] * 12
    assert tokenizer.ids("", text.ANSWER_LENGTHS) == [101, 102] + [0] * 14
    assert len(tokenizer.ids("red " * 15, text.ANSWER_LENGTHS)) == 32


def test_long_texts_keep_their_beginning_and_their_last_quarter(tokenizer: text.Tokenizer) -> None:
    red, blue = 2417, 2630
    ids = tokenizer.ids("red " * 1000 + "blue " * 1000, text.ANSWER_LENGTHS)
    assert ids == [101] + [red] * 23 + [blue] * 7 + [102]


def test_cut_keeps_both_ends() -> None:
    n = text.KEEP_CHARACTERS
    assert text.cut("a" * 2 * n) == "a" * 2 * n
    assert text.cut("a" * n + "middle" + "b" * n) == "a" * n + "b" * n


@pytest.mark.parametrize(
    ("question", "answer", "name", "value"),
    [
        ("What is it?", "A cat", "log_question_words", math.log(4)),
        ("", "two words", "log_answer_words_per_turn", math.log(2)),
        ("", "", "answer_digit_share", 0.0),
        ("", "a1", "answer_digit_share", 0.5),
        ("", "a٣", "answer_digit_share", 0.0),  # a digit, but not ASCII's
        ("A. one\n(B) two", "", "question_options", math.log(3)),
        ("", "(b)", "answer_is_option", 1.0),
        ("", "no", "answer_is_option", 0.0),
        ("", "at [0.1, 0.5]", "answer_coordinates", 1.0),
        ("", "Nothing", "answer_yes_no", 1.0),
        ("", "Nothing", "answer_is_yes_no", 0.0),
        ("", " TRUE.", "answer_is_yes_no", 1.0),
        ("", "-12.5 %", "answer_is_number", 1.0),
        ("", "12 cats", "answer_is_number", 0.0),
        ("", ".,", "answer_is_number", 0.0),
        ("Is there a dog?", "", "question_asks_yes_no", 1.0),
        ("İS THERE a dog?", "", "question_asks_yes_no", 0.0),  # only ASCII is lower-cased
        ("", "Done! \n", "answer_ends_sentence", 1.0),
    ],
)
def test_features(question: str, answer: str, name: str, value: float) -> None:
    values = dict(zip(text.FEATURES, text.features(question, answer, 2, 1), strict=True))
    assert values[name] == pytest.approx(value)


def test_turns_that_show_only_a_picture_say_nothing() -> None:
    question, answer = pool.texts(
        [
            {"from": "human", "value": "<image>\n"},
            {"from": "human", "value": "<image>\nWhat is it? "},
            {"from": "gpt", "value": " A cat."},
            {"from": "human", "value": "And <image>here?"},
            {"from": "gpt", "value": "A dog."},
        ]
    )
    assert (question, answer) == ("What is it?\nAnd here?", "A cat.\nA dog.")
