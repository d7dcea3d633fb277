"""NoLiMa: where its needles are put, how it asks, and its score."""

import numpy as np
import pytest

from lcrag.benchmarks import load_nolima
from lcrag.errors import LcragError
from lcrag.metrics.official import NoLiMa
from lcrag.schema import Answer, Question
from tests.benchmarks.fixtures import FIXTURES
from tests.benchmarks.written import loaded, official_prompt, question


def test_needles_are_put_at_26_depths_with_characters_as_the_authors_draw_them(tmp_path):
    dataset = loaded(tmp_path, "nolima", tasks=("250",))
    assert len(dataset.questions) == 2 * 26
    draws = np.random.RandomState(42 + 401)
    names = [str(draws.choice(["Yuki", "Stuart", "Katie"])) for _ in range(26)]
    assert [q.answers[0] for q in dataset.questions[:26]] == names
    assert [q.answers[0] for q in dataset.questions[26:]] == names  # the second question on the same needles
    first, last = dataset.questions[0], dataset.questions[25]
    assert (first.text, first.kind, first.metadata["depth"]) == (
        "Which character has been to Oare?",
        "onehop",
        0.0,
    )
    assert last.metadata["depth"] == 1.0
    for asked in dataset.questions:
        (span,) = asked.evidence
        (document,) = [d for d in dataset.documents if d.id == span.document_id]
        assert span.text == f"Actually, {asked.answers[0]} lives beside the old mill."
        assert len(document.text) - len(span.text) in range(998, 1004)
        assert abs(span.start - 1000 * asked.metadata["depth"]) < 50


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "nolima", tasks=("250",), limit=1, prompt="official")
    prompt = official_prompt(dataset, question(dataset, "250"))
    assert prompt.startswith("You will answer a question based on the following book snippet:\n\n Actually, ")
    assert prompt.endswith(
        "\n\nUse the information provided in the book snippet to answer the question. Your answer should be short and "
        "based on either explicitly stated facts or strong, logical inferences.\n\nQuestion: Which character has been "
        "to Oare?"
        "\n\n Return only the final answer with no additional explanation or reasoning."
    )


def test_a_limit_holds_for_each_length_and_books_may_be_missing_or_short(tmp_path, monkeypatch):
    dataset = loaded(tmp_path, "nolima", tasks=("250", "500"), limit=3)
    assert [q.metadata["task"] for q in dataset.questions] == ["250"] * 3 + ["500"] * 3
    with pytest.raises(LcragError, match=r"book_1.txt is too short for a text of 4000 characters"):
        load_nolima(tmp_path, tasks=("1k",))
    with pytest.raises(LcragError, match="NoLiMa has no task '3k'"):
        load_nolima(tmp_path, tasks=("3k",))
    needles = {"needlesets/needle_set.json": FIXTURES["nolima"]["needlesets/needle_set.json"]}
    monkeypatch.setitem(FIXTURES, "nolima", needles)
    with pytest.raises(LcragError, match=r"no book is in .*rand_shuffle"):
        loaded(tmp_path / "other", "nolima")


@pytest.mark.parametrize(
    ("match", "reply", "score"),
    [
        ("contains", "It is Yuki.", 1),
        ("contains", "It is yuki.", 0),
        ("EM", " Yuki\n", 1),
        ("EM", "Yuki.", 0),
        ("lastline_contains", "Yuki lives there.\nSo: Katie", 0),
        ("lastline_contains", "Hm.\nYuki!", 1),
        ("lastline_EM", "Hm.\nYuki\n", 1),
    ],
)
def test_the_name_counts(match, reply, score):
    assert NoLiMa(match=match).score(Question("q", "?", ("d",), ("Yuki",)), Answer(reply)) == score
