"""Time in a memory that is read: the period of the question, and the dated events of the values."""

import pytest

from lcrag.datasets.base import Dataset
from lcrag.schema import Document, Question
from lcrag.strategies import MemoryReading
from lcrag.strategies.memory import EVENTS
from lcrag.strategies.pieces.periods import EXAMPLES, PERIOD
from tests.strategies.conftest import ask

DAYS = [(3, "June"), (2, "May"), (9, "July"), (4, "May")]
TEXT = "\n".join(
    f"# Session of {day} {month} 2024\nUser: I flew the kite {n}.\nAssistant: Fine."
    for n, (day, month) in enumerate(DAYS)
)
FLEW = Question("q", "Which kite did I fly in spring?", ("chat",), ("1",), metadata={"date": "2024-08-01"})
MAY = '{"start": "2024-05-01", "end": "2024-05-31"}'


@pytest.fixture
def chat():
    return Dataset("chat", (Document("chat", TEXT),), (FLEW,))


def talk(period, events=None):
    def respond(request):
        prompt = request.messages[-1].content
        if EVENTS in prompt:
            return next((e for cue, e in (events or {}).items() if cue in prompt), "none")
        return period if PERIOD in prompt else "Answer: 1"

    return respond


def period_prompt(reader):
    return next(r for r in reader.requests if PERIOD in r.messages[-1].content)


def test_the_reader_finds_the_period_and_nonsense_finds_none(chat, scripted, embedder):
    reader = scripted(talk(MAY))
    ask(MemoryReading(k=2, time="reader"), chat, reader, embedder)
    prompt = reader.requests[-1].messages[-1].content
    assert prompt.index("2024-05-02") < prompt.index("2024-05-04") and "2024-06-03" not in prompt
    for period in ("N/A", '{"start": "soon", "end": 3}', '{"start": "2025-01-01", "end": "2024-01-01"}'):
        reader = scripted(talk(period))
        ask(MemoryReading(k=2, time="reader"), chat, reader, embedder)
        assert "2024-06-03" in reader.requests[-1].messages[-1].content


def test_the_period_is_asked_for_with_examples_of_which_half_have_none(chat, scripted, embedder):
    reader = scripted(talk("N/A"))
    ask(MemoryReading(k=2, time="reader"), chat, reader, embedder)
    request = period_prompt(reader)
    prompt = request.messages[-1].content
    *examples, question = prompt.split("\n\n")[1:]
    assert len(examples) == 10 and sum(e.endswith("Period: N/A") for e in examples) == 5
    assert question == f"Question: {FLEW.text}\nAsked on: 2024-08-01\nPeriod:"
    assert prompt[request.prefix_chars :] == question


def test_a_reader_that_goes_on_with_the_examples_has_written_no_period(chat, scripted, embedder):
    reader = scripted(talk(f"N/A\n\nQuestion: And then?\nPeriod: {MAY}"))
    ask(MemoryReading(k=2, time="reader"), chat, reader, embedder)
    assert "2024-06-03" in reader.requests[-1].messages[-1].content


def test_the_examples_are_reckoned_right():
    """A period that begins after the question was asked would teach the reader nonsense."""
    for _, asked, period in EXAMPLES:
        assert period == "N/A" or period[11:21] <= period[32:42] <= asked


def test_a_value_is_found_by_the_day_of_its_event_which_is_read_with_it(chat, scripted, embedder):
    """The kite of the session in July was flown in May: the session's own date does not say so."""
    events = {
        "the kite 2": "- 2024-05-20: They flew kite 2 in Rome.\n- some day: They slept.\n- 2024-06-31: No."
    }
    reader = scripted(talk(MAY, events))
    answer, _ = ask(MemoryReading(k=3, time="reader"), chat, reader, embedder)
    prompt = reader.requests[-1].messages[-1].content
    assert "- 2024-05-20: They flew kite 2 in Rome." in prompt
    assert "kite 0" not in prompt and "slept" not in prompt and "06-31" not in prompt
    assert "Date: 2024-07-09\nUser: I flew the kite 2." in "".join(
        r.messages[-1].content for r in reader.requests
    )
    assert all(TEXT[p.start : p.end] == p.text for p in answer.evidence)


def test_events_are_listed_once_for_a_text(chat, scripted, embedder, tmp_path):
    strategy = MemoryReading(k=2, time="reader")
    first, again = scripted(talk(MAY)), scripted(talk(MAY))
    _, paid = ask(strategy, chat, first, embedder, keep=tmp_path)
    _, kept = ask(strategy, chat, again, embedder, keep=tmp_path)
    assert (len(first.requests), len(again.requests)) == (6, 2)
    assert kept.ledger["build"] == paid.ledger["build"]
