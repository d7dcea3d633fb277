"""Gap questions: sentences with facts, evenly chosen, one gap each, and labels that hold."""

import asyncio
from collections import Counter

import pytest

from lcrag.datasets.files import load_files
from lcrag.judging.replies import Replies
from lcrag.judging.tools import Judging
from lcrag.questions import cloze, gaps
from lcrag.questions.table import question_lines
from lcrag.questions.writing import KNOWN
from lcrag.readers.scripted import ScriptedReader
from lcrag.schema import Document

FOUNDED = "The company was founded in the year 1987 by the engineer Ada Moss."


def reasons(text):
    """What became of every sentence of a text."""
    document = Document("d.md", text)
    found = gaps.fact_sentences(document, gaps.Vocabulary([document]))
    return [s if isinstance(s, str) else [f.text for f in s.facts] for s in found]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (FOUNDED, ["Ada Moss", "1987"]),
        ("* " + FOUNDED, ["Ada Moss", "1987"]),
        ("It opened to all of the public on 3 May 1931 in Bergen.", ["3 May 1931", "Bergen"]),
        ("The tools of this release run on Windows and on many others.", ["Windows"]),
        ("Long Term Support is granted to all of those versions for 30 months.", ["30"]),
        ("The whole of the data takes approximately 10 GB on a disk.", ["10"]),
        ("The commits may be landed one by one or as a mix of the two.", gaps.NO_FACT),
        ("You can read more on this in chapter 7 of the book.", gaps.NO_FACT),
        ("All of the files are read in the order of names.", gaps.NO_FACT),
        ("Readers should know that writers SHOULD tell what they should do.", gaps.NO_FACT),
        ("The flag `-j4` will cause make to run test-3.js and v1.2.3 there.", gaps.NO_FACT),
        ("It was founded in 1987.", gaps.LENGTH),
        ("| year | name | place | 1987 | Ada Moss | Bergen | and more | all |.", gaps.NOT_PROSE),
        ("The list of its many founders and of their years in office: 1987", gaps.NOT_PROSE),
        ("Copyright of the text and of its parts is with Ada Moss since 1987.", gaps.BOILERPLATE),
        (FOUNDED + " It has a licence, a copyright notice and a warranty.", gaps.BOILERPLATE),
        ("2.3 History\nNames\nThe company was founded in the year 1987 by Ada Moss and others.", gaps.NOT_PROSE),
        ("Chapter History\nThe company was founded in the year 1987 by Ada Moss and by others.", gaps.LAYOUT),
    ],
)  # fmt: skip
def test_a_sentence_is_asked_about_for_its_facts_or_not_at_all(text, outcome):
    actual, *_ = reasons(text)
    assert (sorted(actual) if isinstance(actual, list) else actual) == (
        sorted(outcome) if isinstance(outcome, list) else outcome
    )


def test_a_word_broken_over_two_lines_is_whole_in_the_sentence():
    document = Document("d.pdf", "The company was foun-\nded in the year 1987 by others.")
    (sentence,) = gaps.fact_sentences(document, gaps.Vocabulary([document]))
    assert sentence.text.startswith("The company was founded in") and "foun-\nded" in sentence.quote


PEOPLE = ["Ada", "Ole", "Eva", "Jon", "Kim", "Lea", "Max", "Nia", "Oda", "Pia"]
TOWNS = ["Bergen", "Oslo", "Turku", "Aarhus", "Malmo", "Narvik", "Tromso", "Hamar", "Moss", "Skien"]
VERBS = [
    "painted",
    "repaired",
    "sold",
    "borrowed",
    "moved",
    "measured",
    "cleaned",
    "hid",
    "lifted",
    "counted",
]


def folder(documents=3, sentences=10):
    """Documents whose sentences differ; between them stands text without facts."""
    return [
        Document(
            f"{d}.md",
            "\n\n".join(
                f"In that summer the old carpenter {PEOPLE[i]} {VERBS[(i + d) % 10]} about {100 * (d + 3) + 7 * i} "
                f"{['red', 'blue', 'green'][d]} boats near {TOWNS[(i + 3 * d) % 10]} with others."
                for i in range(sentences)
            ),
        )
        for d in range(documents)
    ]


def write(documents, count, **options):
    return asyncio.run(cloze.write_gap_questions(documents, count, **options))


def test_questions_are_spread_over_documents_and_their_length_and_read_again_by_a_run(tmp_path):
    documents = folder()
    written = write(documents, 12)
    assert Counter(c.kind for c in written.candidates) == {"location": 10, "hallucination": 2}
    assert set(Counter(c.document.id for c in written.candidates).values()) == {4}
    halves = Counter(
        c.spans[0].start * 2 // len(c.document.text) for c in written.candidates if c.kind == "location"
    )
    assert min(halves[0], halves[1]) >= 3
    assert question_lines(written.candidates, "cloze") == question_lines(
        write(documents, 12).candidates, "cloze"
    )
    assert question_lines(written.candidates, "cloze") != question_lines(
        write(documents, 12, seed=1).candidates, "cloze"
    )
    (tmp_path / "docs").mkdir()
    for document in documents:
        (tmp_path / "docs" / document.id).write_text(document.text)
    (tmp_path / "q.jsonl").write_text(question_lines(written.candidates, "cloze"))
    for question in load_files(tmp_path / "docs", tmp_path / "q.jsonl").questions:
        assert question.text.count("____") == 1
        if question.answerable:
            assert (
                question.text.split('"')[1].replace("____", question.answers[0]) == question.evidence[0].text
            )


def test_an_unanswerable_one_has_a_name_or_number_that_is_nowhere_in_the_folder():
    documents = folder()
    written = write(documents, 4, kinds=["hallucination"])
    assert len(written.candidates) == 4
    for candidate in written.candidates:
        assert candidate.entity in candidate.question and not candidate.answerable
        assert not any(candidate.entity in d.text for d in documents)


def test_what_is_not_kept_is_counted():
    twice = "The blue lamp of the tower shone for 40 nights.\n\nThe blue lamp of the tower shone for 70 nights.\n\n"
    again = "\n\nThe 30 boats of the harbour were 30 boats too many."
    document = Document("d.md", f"A heading\n\n{twice}{FOUNDED}{again}")
    written = write([document], 3, kinds=["location"])
    assert [c.answer for c in written.candidates] == ["Ada Moss"]
    assert written.rejected["location", cloze.NOT_UNIQUE] == 2
    assert sum(written.rejected.values()) + 1 == written.asked["location"] == 5
    few = write(folder(), 2, kinds=["location"])
    assert few.rejected["location", cloze.NOT_NEEDED] == 28


def test_with_a_reader_what_it_knows_without_the_text_is_thrown_out():
    document = Document("d.md", "The old carpenter Ada lived in a hut near Bergen with others.")
    judging = Judging(reader=ScriptedReader(lambda request: "Bergen"), replies=Replies(None))
    written = write([document], 1, kinds=["location"], judging=judging)
    assert not written.candidates and written.rejected["location", KNOWN] == 1
    assert written.usage.calls == 1
