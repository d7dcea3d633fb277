"""LaRA as a data set: documents, questions, its prompts, and the region that a question was written from."""

import json
from collections import Counter

import pytest

from lcrag.benchmarks import load_lara
from lcrag.benchmarks.lara import BENCHMARK
from lcrag.errors import LcragError
from lcrag.metrics.official import Lara
from lcrag.metrics.task import TaskScore
from lcrag.published.lara_table import import_lara_table
from lcrag.schema import Answer, Passage
from lcrag.strategies.pieces.official import passages_context, prompt_of
from tests.benchmarks.fixtures import written


@pytest.fixture
def questions(tmp_path):
    dataset = load_lara(written(tmp_path, "lara"), prompt="official")
    return {q.id: q for q in dataset.questions}


def test_questions_have_the_region_that_they_were_written_from(questions):
    location, comparison = questions["32k-book-location-1"], questions["32k-paper-comp-1"]
    assert location.document_ids == ("32k/book/The Inn.txt",)
    assert [(s.start, s.end) for s in location.evidence] == [(0, 19)]  # a fifth of 95 characters
    assert location.metadata == {
        "task": "32k-book", "level": "location", "genre": "book", "length": "32k", "context_order": "0",
        "renamed": False,
    }  # fmt: skip
    assert [s.text.splitlines()[1] for s in comparison.evidence] == ["# Kites", "# Lamps"]
    assert comparison.metadata["context_order"] == [0, 1]
    invented = questions["32k-book-hallu-1"]
    assert not invented.answerable and not invented.evidence and invented.kind == "hallucination"


def test_the_prompts_are_the_authors_to_the_letter(questions):
    question = questions["32k-paper-comp-1"]
    assert prompt_of(question, "TEXT") == (
        "Read the papers below and answer a question \n\nTEXT\n\nQuestion: How do the things in paper 0 and paper 1 "
        "differ?\n\n Be concise."
    )
    chunks = passages_context(question.task, [Passage("Kites fly"), Passage("Lamps shine")])
    assert prompt_of(question, chunks, retrieved=True) == (
        "Here are some chunks retrieved from some papers. Read these chunks to answer a question.\n\nchunk 0: Kites "
        "fly.\n\nchunk 1: Lamps "
        "shine.\n\n\n\nQuestion: How do the things in paper 0 and paper 1 differ?\n\n Be concise."
    )
    assert question.task.system == "You are a helpful assistant"


def test_a_question_whose_text_is_missing_is_left_out_and_told(tmp_path):
    folder = written(tmp_path, "lara")
    assert load_lara(folder).notices == ("LaRA: the texts of 1 question are not in these files: left out.",)
    for text in folder.glob("datasets/32k/*/*"):
        text.unlink()
    with pytest.raises(LcragError, match="in LaRA's files: the texts of 4 questions are missing"):
        load_lara(folder)


def test_broken_records_are_told(tmp_path):
    folder = written(tmp_path, "lara")
    file = folder / "datasets/query/32k_book_location.jsonl"
    row = json.loads(file.read_text().splitlines()[0])
    for change, told in (
        ({"context_order": "first"}, "'context_order' must be the number of a slice, two of them, or 'full'"),
        ({"context_order": 7}, "the text '32k/book/The Inn.txt' has no part 7"),
        ({"file": "a\0b"}, "cannot be read"),
    ):
        file.write_text(json.dumps(row | change))
        with pytest.raises(LcragError, match=rf"32k_book_location\.jsonl:1.*{told}"):
            load_lara(folder)
    with pytest.raises(LcragError, match=r"named LENGTH_GENRE_LEVEL\.jsonl"):
        load_lara(file.rename(tmp_path / "questions.jsonl"))


def test_scores_without_a_judge(questions):
    location, invented = questions["32k-book-location-1"], questions["32k-book-hallu-1"]
    score = TaskScore().score
    assert score(location, Answer("It is Hartman.")) == 1.0
    assert score(location, Answer("The text does not mention who keeps the inn.")) == 0.0
    assert score(invented, Answer("The text does not mention who built it.")) == 1.0
    assert score(invented, Answer("Gordon.")) == 0.0
    comparison = questions["32k-paper-comp-1"]
    assert score(comparison, Answer("Kites fly, lamps shine.")) is None
    assert Lara(scores="recall").score(comparison, Answer("Kites fly, lamps shine.")) == 1.0


def test_the_published_table_is_the_authors(data):
    table = import_lara_table(data / "LaRA" / "paper_main_table.json")
    assert len(BENCHMARK.published) == 44
    ours = Counter(
        round(v, 2) for p in BENCHMARK.published for key, v in p.scores.items() if key != "overall"
    )
    assert ours == Counter((table["score"] * 100).round(2))
    for row in BENCHMARK.published:
        levels = [v for key, v in row.scores.items() if key != "overall"]
        assert sum(levels) / 4 == pytest.approx(row.scores["overall"], abs=0.0101), row.system


def test_the_authors_files(data):
    dataset = load_lara(data / "LaRA")
    counts = Counter(q.task.name for q in dataset.questions)
    left_out = sum(BENCHMARK.counts.values()) - sum(counts.values())
    assert sum(BENCHMARK.counts.values()) == 2326
    assert dataset.notices == (f"LaRA: the texts of {left_out} questions are not in these files: left out.",)
    for task in ("32k-financial", "32k-paper", "128k-financial", "128k-paper"):
        assert counts[task] == BENCHMARK.counts[task]
    answerable = [q for q in dataset.questions if q.answerable]
    whole = sum(q.metadata["context_order"] == "full" for q in answerable)
    assert sum(bool(q.evidence) for q in answerable) == len(answerable) - whole
    assert all(len(q.evidence) == (2 if q.kind == "comparison" else 1) for q in answerable if q.evidence)
