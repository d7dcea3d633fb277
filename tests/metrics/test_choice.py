"""Multiple choice: what is picked, and what that earns."""

import pytest

from lcrag.metrics.choice import PARTIAL, multiple_choice, picks

CHOICES = ("kites", "lamps", "ships", "a bridge")


@pytest.mark.parametrize(
    ("reply", "letters"),
    [
        ("B", "B"),
        ("(b)", "B"),
        ("b.", "B"),
        ("B. lamps", "B"),
        ("**B**", "B"),
        ("Option D", "D"),
        ("Answer: B", "B"),
        ("The answer is B.", "B"),
        ("The answer is: **C**", "C"),
        ("The correct answer is (C)", "C"),
        ("I would say the answer is A", "A"),
        ("I think it is B", "B"),
        ("The best choice is clearly B", "B"),
        ("I would pick C because it fits", "C"),
        ("Let me think. It is a lamp, so B.", "B"),
        ("\\boxed{B}", "B"),
        ("so \\boxed{\\text{B}}", "B"),
        ("A is wrong. The answer is D", "D"),
        ("not B but C", "C"),
        ("A", "A"),
        ("A.", "A"),
        ("A bridge", "D"),
        ("bridge", "D"),
        ("Lamps", "B"),
        ("It is lamps, of course", "B"),
        ("A. kites\nB. lamps\n\nThe answer is:\nB. lamps", "B"),
        ("AC", "AC"),
        ("A and C", "AC"),
        ("A, C", "AC"),
        ("B or C", ""),
        ("It could be B or C.", ""),
        ("kites or lamps", ""),
        ("A. kites\nB. lamps\nC. ships", ""),
        ("B and C, of these:\nA. kites\nB. lamps\nC. ships", ""),
        ("A lamp maker", ""),
        ("I think so", ""),
        ("no idea", ""),
        ("F", ""),
        ("", ""),
    ],
)
def test_the_choice_that_a_reply_picks(reply, letters):
    assert "".join(sorted("ABCD"[i] for i in picks(reply, CHOICES))) == letters


@pytest.mark.parametrize(
    ("reply", "answers", "score"),
    [
        ("A", ("A",), 1),  # a letter, not an article
        ("A", ("kites",), 1),
        ("kites", ("A",), 1),
        ("B", ("A",), 0),
        ("a bridge", ("D",), 1),
        ("B", ("A", "B"), 1),  # either is right
        ("A and C", ("A, C",), 1),  # both are right
        ("A", ("A, C",), PARTIAL),
        ("A and B", ("A, C",), 0),
        ("no idea", ("A",), 0),
    ],
)
def test_what_a_reply_earns(reply, answers, score):
    assert multiple_choice(reply, CHOICES, answers) == score


def test_choices_that_differ_in_an_article_alone_are_told_apart():
    assert multiple_choice("a", ("a", "the"), ("a",)) == 1
    assert multiple_choice("the", ("a", "the"), ("a",)) == 0
