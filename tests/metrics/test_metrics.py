import pytest

from lcrag.metrics.accuracy import Accuracy
from lcrag.metrics.declining import declines
from lcrag.metrics.faithfulness import hallucinated
from lcrag.metrics.recall import span_recall
from lcrag.metrics.score import score
from lcrag.metrics.text import contains, exact_match, normalise, token_f1
from lcrag.schema import Answer, Passage, Question, Span


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Quick, brown fox!", "quick brown fox"),
        ("1,234 units", "1234 units"),
        ("up\u2013to\u2014date", "up to date"),
        ("\u201cAda\u2019s\u201d", "adas"),
        ("An apple a day", "apple day"),
    ],
)
def test_normalise(text, normal):
    assert normalise(text) == normal


def test_exact_match_takes_any_answer():
    assert exact_match("The Denver Broncos.", ["Broncos", "denver broncos"]) == 1
    assert exact_match("Denver Broncos won", ["Denver Broncos"]) == 0


def test_f1_is_squads():
    assert token_f1("Denver Broncos won", ["Denver Broncos"]) == pytest.approx(0.8)
    assert token_f1("to be or not to be", ["to be"]) == pytest.approx(0.5)
    assert token_f1("nothing shared", ["Denver"]) == 0
    assert token_f1("", ["Denver"]) == 0


def test_contains_needs_word_boundaries():
    assert contains("It was in 1987, in Bergen.", ["1987"]) == 1
    assert contains("It was in 19875.", ["1987"]) == 0
    assert contains("Answer: 1,987 kites", ["1987"]) == 1
    assert contains("anything", [""]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "unanswerable",
        "Unanswerable.",
        "The text does not mention an auditor.",
        "It is not mentioned in the text.",
        "The question cannot be answered from the text.",
        "The passage doesn\u2019t say.",
        "There is no information about ships.",
        "I can't determine that.",
        "This is not explicitly stated in the document.",
        "Not mentioned.",
        "Not explicitly stated in the provided text",
        "Paper 3 does not address the ecological footprint.",
        "There is no discussion of a treasure in the letters.",
        "No such letter is mentioned.",
        "Unknown",
        "None are mentioned in the provided chunks.",
    ],
)
def test_refusals(text):
    assert declines(text)


@pytest.mark.parametrize(
    "text",
    [
        "1987",
        "It does not return a value.",
        "The list is not changed.",
        "No.",
        "",
        "None",
        "It is not hashable.",
        "Not given to despair, she goes on.",
        "Not found in nature",
        "He could not find his hat.",
        'If the text does not answer the question, write "unanswerable".',
        "It is raised when a name is not found.",
        "The company did not pay any dividends in 2022.",
        'He said "I don\'t know" and left.',
        "The answer is 1000. It was counted in May. The text does not answer why.",
    ],
)
def test_answers_that_are_no_refusals(text):
    assert not declines(text)


def test_span_recall_counts_covered_characters():
    spans = [Span("d", 10, 20, "x" * 10), Span("d", 40, 50, "y" * 10)]
    passages = [Passage("", "d", 0, 15), Passage("", "d", 12, 20), Passage("", "other", 40, 50)]
    assert span_recall(passages, spans) == 0.5
    assert span_recall([Passage("", "d", 15, 45)], spans) == 0.5
    assert span_recall([], spans) == 0
    assert span_recall(passages, []) is None


def test_hallucinated_facts():
    source = "It was founded in 1987\nin Bergen. Ada Moss is chief."
    facts = ["It was founded in 1987 in Bergen.", "Ada Mosse is the chief", "Trolls founded it.", ""]
    assert hallucinated(facts, source) == [False, True, True, True]
    assert hallucinated(facts, source, fuzzy=True) == [False, False, True, True]


SPAN = Span("d", 0, 4, "1987")


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        (
            Question("q", "When?", ("d",), ("1987",)),
            Answer("In 1987"),
            {"exact_match": 0, "f1": pytest.approx(2 / 3), "contains": 1, "accuracy": 1},
        ),
        (
            Question("q", "When?", ("d",), answerable=False),
            Answer("unanswerable"),
            {"refusal": 1, "accuracy": 1},
        ),
        (Question("q", "When?", ("d",), answerable=False), Answer("In 1987"), {"refusal": 0, "accuracy": 0}),
        (
            Question("q", "Which?", ("d",), ("b",), choices=("x", "b")),
            Answer("B"),
            {"choice": 1, "accuracy": 1},
        ),
        (Question("q", "Summarise.", ("d",)), Answer("A text."), {}),
    ],
)
def test_only_metrics_that_apply_are_there(question, answer, expected):
    assert score(question, answer) == expected


def test_declining_an_answerable_question_is_wrong_even_if_the_words_fit():
    question = Question("q", "When?", ("d",), ("1987",), evidence=(SPAN,))
    got = score(question, Answer("The text does not mention 1987.", (Passage("", "d", 0, 2),), declined=True))
    assert (got["contains"], got["accuracy"], got["recall"]) == (1, 0, 0.5)


def test_free_text_may_be_right_by_its_f1_or_to_the_letter():
    question = Question("q", "When?", ("d",), ("in May 1987",))
    by_f1 = Accuracy(free_text="f1", threshold=0.5)
    assert by_f1.score(question, Answer("1987 or so, I think")) == 0  # 2 / 8
    assert by_f1.score(question, Answer("1987")) == 1  # 2 / 4
    assert by_f1.score(Question("q", "Summarise.", ("d",)), Answer("A text.")) is None
    to_the_letter = Accuracy(free_text="exact_match")
    assert [to_the_letter.score(question, Answer(t)) for t in ("In May 1987.", "It was in May 1987.")] == [
        1,
        0,
    ]


def test_recall_is_missing_where_no_evidence_was_named():
    question = Question("q", "When?", ("d",), ("1987",), evidence=(SPAN,))
    assert "recall" not in score(question, Answer("1987"))
