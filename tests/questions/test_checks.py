"""Each check throws out what it is for and keeps what is right beside it."""

import pytest

from lcrag.questions import checks
from lcrag.questions.excerpts import Excerpt
from lcrag.questions.prompts import KINDS, Candidate, candidate_of, question_request
from lcrag.schema import Document

TEXT = (
    "Northwind sells kites. It was founded in 1987 in\nBergen by Ada Moss and Ole Lund. Kites need wind. "
    "Southbay makes many lamps. Southbay was founded in 1999. In 2023 Northwind sold 120 kites. "
    "In 2024 it sold 150 kites. " + "Lamps give light. " * 60
)
NORTH = Document("north.md", TEXT)
FOUNDED = "It was founded in 1987 in Bergen"
SOUTH = "Southbay was founded in 1999"
SALES = ("In 2023 Northwind sold 120 kites", "In 2024 it sold 150 kites")


def located(question="When was Northwind founded?", answer="1987", quotes=(FOUNDED,), kind="location"):
    return Candidate(kind, NORTH, question, answer, tuple(quotes))


def unanswerable(question, entity):
    return Candidate("hallucination", NORTH, question, entity=entity)


@pytest.mark.parametrize(
    ("reason", "kept", "thrown_out"),
    [
        (checks.SPEAKS_OF_EXCERPT, located(), located("When was the company in this text founded?")),
        (checks.SPEAKS_OF_EXCERPT, located("Who wrote a text for Northwind?", "Ada Moss", ["by Ada Moss and Ole Lund"]),
         located("What does the passage say of Northwind?", "kites", ["Northwind sells kites"])),
        (checks.COPIES_DEMONSTRATION, unanswerable("How many ships does Northwind make?", "ships"),
         unanswerable("How many lamps give light on the Kestrel Bridge?", "Kestrel")),
        (checks.OFF_TOPIC, located("Northwind: since when?"), located("Since when?")),
        (checks.OFF_TOPIC, unanswerable("Who audits Northwind's books of Qatar?", "Qatar"),
         unanswerable("Who governs Qatar?", "governs Qatar")),
        (checks.OFF_TOPIC, unanswerable("How many ships has Southbay?", "ships"),
         unanswerable("How many ships are there?", "ships")),
        (checks.OFF_TOPIC, unanswerable("How many ships has Southbay?", "ships"),
         unanswerable("How many ships for 120 guests?", "ships for guests")),
        (checks.LONG_ANSWER, located(), located(answer="in the year 1987 " * 6)),
        (checks.NO_EVIDENCE, located(), located(quotes=["It was founded in 1986 in Bergen"])),
        (checks.NO_EVIDENCE, located(), located(quotes=[FOUNDED, "Kites need much wind"])),
        (checks.QUOTE_LENGTH, located(), located(quotes=["in 1987"])),
        (checks.QUOTE_LENGTH, located(), located(quotes=[TEXT])),
        (checks.FEW_PLACES, located("Which is older, Northwind or Southbay?", "Northwind",
                                    ["Northwind sells kites. It was founded in 1987", SOUTH], "comparison"),
         located("Which is older, Northwind or Southbay?", "Southbay", [SOUTH], "comparison")),
        (checks.FEW_PLACES, located("How many kites in 2023 and 2024 together?", "270", SALES, "aggregation"),
         located("How many kites in 2023 and 2024 together?", "120",
                 [SALES[0], "2023 Northwind sold 120 kites"], "aggregation")),
        (checks.NO_ANSWER, located(), located(answer="1988")),
        (checks.NO_ANSWER, located(answer="Bergen"), located(answer="Oslo")),
        (checks.NO_ANSWER, located("How many years older than Southbay is Northwind?", "12 years",
                                   [FOUNDED, SOUTH], "reasoning"),
         located("How many years older than Southbay is Northwind?", "13 years", [FOUNDED, SOUTH], "reasoning")),
        (checks.NO_ANSWER, located("Who founded Northwind, of all?", "Ole Lund and Ada Moss",
                                   ["by Ada Moss and Ole Lund", "Northwind sells kites"], "aggregation"),
         located("Who founded Northwind, of all?", "Ole Lund and Eva Berg",
                 ["by Ada Moss and Ole Lund", "Northwind sells kites"], "aggregation")),
        (checks.NO_ANSWER, located("How many years with sales of kites are told?", "two", SALES, "aggregation"),
         located("How many years with sales of kites are told?", "five", SALES, "aggregation")),
        (checks.NO_ANSWER, located("Did Northwind sell more in 2024?", "150 kites", SALES, "reasoning"),
         located("Did Northwind sell more in 2024?", "yes", SALES, "reasoning")),
        (checks.TELLS_ANSWER, located(), located("Was Northwind founded in 1987?")),
        (checks.ENTITY_NOT_ASKED, unanswerable("Who is the auditor of Northwind?", "auditor"),
         unanswerable("Who checks the books of Northwind?", "auditor")),
        (checks.ENTITY_PRESENT, unanswerable("Who is the auditor of Northwind?", "auditor"),
         unanswerable("Who is the kite of Northwind?", "kite")),
        (checks.ENTITY_PRESENT, unanswerable("When did Ada Holm join Northwind?", "Ada Holm"),
         unanswerable("When did Ada Lund join Northwind?", "Ada Lund")),
    ],
)  # fmt: skip
def test_a_check_throws_out_and_keeps(reason, kept, thrown_out):
    assert checks.reason_against(kept) == ""
    assert checks.reason_against(thrown_out) == reason


@pytest.mark.parametrize(
    ("other", "duplicate"),
    [
        (located("When was Northwind first founded?"), True),
        (located("In which year did Ada Moss begin with kites?"), True),  # one place, one answer
        (located("Where was Northwind founded?", "Bergen"), False),
        (located("When was Southbay founded?", "1999", [SOUTH]), False),
        (unanswerable("Who is the auditor of Northwind?", "auditor"), False),
    ],
)
def test_near_duplicates(other, duplicate):
    assert checks.is_duplicate(other, [located()]) is duplicate


def test_questions_that_differ_in_a_year_or_a_document_are_not_duplicates():
    first, second = (
        located(f"How many kites did Northwind sell in the year {year}?", answer, [quote])
        for year, answer, quote in ((2023, "120", SALES[0]), (2024, "150", SALES[1]))
    )
    assert not checks.is_duplicate(second, [first])
    assert checks.is_duplicate(
        unanswerable("Which auditor?", "Auditor"), [unanswerable("Whose auditor?", "auditor")]
    )
    elsewhere = Candidate("location", Document("copy.md", TEXT), first.question, first.answer, first.quotes)
    assert not checks.is_duplicate(elsewhere, [first])


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_in_each_prompt_passes_the_checks(kind):
    excerpt = Excerpt(Document("other.md", "About something else."), ("About something else.",), 0)
    _, demonstration, reply, task = question_request(excerpt, kind, seed=0).messages
    assert "About something else." in task.content
    bridges = Document("bridges.md", demonstration.content)
    assert checks.reason_against(candidate_of(reply.content, kind, bridges)) == ""


@pytest.mark.parametrize(
    ("reply", "fits"),
    [
        ("**Question:** When?\n**Answer:** 1987\n**Evidence:** It was founded\nin 1987", True),
        ("Question 1: When?\nAnswer: 1987\nEvidence 1: 'in 1987'\n\nQuestion 2: Who?\nAnswer: -", True),
        ("Question: When?\nAnswer: 1987", False),
        ("Question:\nAnswer: 1987\nEvidence: in 1987", False),
        ("When was it? 1987", False),
        ("", False),
    ],
)
def test_replies_are_read_with_and_without_markup(reply, fits):
    candidate = candidate_of(reply, "location", NORTH)
    assert bool(candidate) is fits
    if candidate:
        assert (candidate.question, candidate.answer) == ("When?", "1987")
        assert candidate.quotes[0].endswith("in 1987")
