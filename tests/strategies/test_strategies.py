"""Exact prompts (snapshot files) and the outcome of every strategy, with a scripted reader."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.metrics.score import score
from lcrag.schema import Document, Question
from lcrag.strategies import (
    ClosedBook,
    LongContext,
    MemoryReading,
    Refine,
    RetrieveThenReason,
    SelfRoute,
)
from lcrag.strategies.pieces.prompts import after_answer, list_items
from lcrag.strategies.pieces.truncation import GAP, cut
from tests.strategies.conftest import MATRIX, ask, ask_all, resources

SNAPSHOTS = Path(__file__).with_name("snapshots")
DECLINING = {"self_route"}  # its second call is made only where the first declines
NEEDS_A_BETTER_READER = {  # the scripted one answers only from the sentence itself; see their own tests
    "closed_book", "gist_memory", "gist_sequential", "chain_of_agents", "long_rag", "one_call", "memory_notes",
    "evolving_memory", "map_reduce",
}  # fmt: skip


@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_prompts_are_as_recorded(strategy, shown_dataset, scripted, embedder, record_property):
    """Set LCRAG_SNAPSHOTS=write to record them anew, then read the difference."""
    reader = scripted()
    ask(strategy, shown_dataset, reader, embedder, question=2 if strategy.name in DECLINING else 0)
    shown = "\n".join(
        f"=== call {i}, {r.max_tokens} tokens, prefix {r.prefix_chars}\n"
        + "\n".join(f"--- {m.role}\n{m.content}" for m in r.messages)
        for i, r in enumerate(reader.requests, start=1)
    )
    file = SNAPSHOTS / f"{strategy.name}.txt"
    if os.environ.get("LCRAG_SNAPSHOTS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown + "\n")
    record_property("prompts", len(reader.requests))
    assert file.read_text() == shown + "\n"


@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_usage_equals_what_the_reader_counted(strategy, shown_dataset, scripted, embedder):
    """Over all questions, shares of builds included, to the token."""
    reader = scripted()
    embedded = []

    class Counting(type(embedder)):
        def embed(self, texts, kind="document"):
            done = super().embed(texts, kind)
            embedded.append(done.tokens)
            return done

    shared = resources(shown_dataset, reader, Counting())
    asked = ask_all(strategy, shared, shown_dataset)
    booked = sum((tools.spent for _, tools in asked), start=type(asked[0][1].spent)())
    counted = sum(reader.count_tokens(r.messages) for r in reader.requests)
    assert booked.prompt_tokens == pytest.approx(counted + sum(embedded))
    assert booked.calls == pytest.approx(len(reader.requests) + len([n for n in embedded if n]))
    assert all(tools.prompt_hash for _, tools in asked)


@pytest.mark.parametrize(
    "strategy", [s for s in MATRIX if s.name not in NEEDS_A_BETTER_READER], ids=lambda s: s.name
)
def test_the_fact_is_found(strategy, shown_dataset, scripted, embedder):
    answer, _ = ask(strategy, shown_dataset, scripted(), embedder)
    assert answer.text == "1987"
    assert not answer.declined


@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_the_probability_of_declining_is_noted(strategy, shown_dataset, scripted, embedder):
    """Where the reader knows it and the call that gives the answer asks for it."""
    reader = scripted(p_unanswerable=0.25)
    answer, _ = ask(strategy, shown_dataset, reader, embedder)
    if reader.requests[-1].watch:
        assert answer.notes["p_unanswerable"] == 0.25


@pytest.mark.parametrize("said", ["", "{]", "Grrr? 99 [7] <3>", 'yes\n- no\n{"op": "UPDATE"}'])
@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_a_reader_that_talks_nonsense_has_a_defined_outcome(
    strategy, said, shown_dataset, scripted, embedder
):
    if strategy.name == "iter_drag":  # it has no right trace to show: an error, see its own tests
        strategy = replace(strategy, m=0)
    answer, tools = ask(strategy, shown_dataset, scripted(lambda request: said), embedder)
    assert score(shown_dataset.questions[0], answer)["accuracy"] == 0
    assert tools.input_tokens > 0


def test_documents_come_first_so_that_the_prefix_is_the_same_for_all_questions(dataset, scripted, embedder):
    reader = scripted()
    ask(LongContext(), dataset, reader, embedder, question=0)
    ask(LongContext(), dataset, reader, embedder, question=1)
    first, second = (r.messages[-1].content[: r.prefix_chars] for r in reader.requests)
    assert first == second
    assert "Kites need wind." in first and "founded?" not in first


def test_the_closed_book_can_be_kept_from_declining(dataset, scripted, embedder):
    reader = scripted()
    for leave in (True, False):
        ask(ClosedBook(allow_decline=leave), dataset, reader, embedder)
    assert ["unanswerable" in r.messages[-1].content for r in reader.requests] == [True, False]


def test_hallucinated_facts_are_counted(dataset, scripted, embedder):
    reader = scripted(["- It was founded in 1987 in Bergen.\n- It was founded by trolls.", "1987"])
    answer, _ = ask(RetrieveThenReason(), dataset, reader, embedder)
    assert answer.notes == {"facts": 2, "hallucinated_facts": 1, "hallucinated_facts_fuzzy": 1}
    assert [p.text for p in answer.evidence] == ["It was founded in 1987 in Bergen."]


def test_a_fact_over_a_line_break_is_evidence_and_not_invented(scripted, embedder):
    text = "The infor-\nmation came by kite. It was well-\nknown by then."
    question = Question("q", "How did the information come?", ("d",), ("by kite",))
    data = Dataset("d", (Document("d", text),), (question,))
    reader = scripted(["- the information came by kite.\n- It was well-known by then.", "by kite"])
    answer, _ = ask(RetrieveThenReason(verify="drop"), data, reader, embedder)
    assert [p.text for p in answer.evidence] == [
        "The infor-\nmation came by kite.",
        "It was well-\nknown by then.",
    ]
    assert answer.notes["hallucinated_facts"] == answer.notes["hallucinated_facts_fuzzy"] == 0
    assert answer.notes["dropped_facts"] == 0


def test_no_facts_is_a_defined_outcome(dataset, scripted, embedder):
    answer, _ = ask(RetrieveThenReason(), dataset, scripted(["none", "unanswerable"]), embedder)
    assert answer.notes == {"facts": 0, "hallucinated_facts": 0, "hallucinated_facts_fuzzy": 0}
    assert answer.declined


def test_self_route_escalates_only_when_retrieval_declines_and_pays_both(dataset, scripted, embedder):
    accepted = scripted(["1987"])
    answer, _ = ask(SelfRoute(k=1), dataset, accepted, embedder)
    assert (answer.notes["stage"], len(accepted.requests)) == (1, 1)
    declined = scripted(["unanswerable", "1987"])
    answer, tools = ask(SelfRoute(k=1), dataset, declined, embedder)
    assert (answer.text, answer.notes["stage"], tools.ledger["read"].calls) == ("1987", 2, 2)
    assert "unanswerable" in declined.requests[0].messages[-1].content
    assert "unanswerable" not in declined.requests[1].messages[-1].content


def test_too_long_is_refused_by_default_and_says_what_to_do(dataset, scripted, embedder):
    with pytest.raises(LcragError, match=r"Question n1: the prompt with north has \d+ tokens .*truncate"):
        ask(LongContext(), dataset, scripted(context_window=150), embedder)


@pytest.mark.parametrize("policy", ["middle", "end"])
def test_truncation_fits_is_recorded_and_shared(policy, dataset, scripted, embedder):
    reader = scripted(context_window=600)
    strategy = LongContext(truncate=policy)
    long = replace(dataset, documents=tuple(replace(d, text=d.text * 4) for d in dataset.documents))
    answer, _ = ask(strategy, long, reader, embedder)
    ask(strategy, long, reader, embedder, question=1)
    assert answer.truncation == policy
    one, two = reader.requests
    assert reader.count_tokens(one.messages) + one.max_tokens <= 600
    assert one.messages[-1].content[: one.prefix_chars] == two.messages[-1].content[: two.prefix_chars]
    assert GAP.strip() in one.messages[-1].content


def test_refine_does_not_ask_to_decline_what_an_earlier_part_has_answered(dataset, scripted, embedder):
    """ "Repeat the answer so far" and "write unanswerable" would be two orders for a part without an answer."""
    reader = scripted(["1987", "1987", "1987"])
    ask(Refine(part_chars=600), dataset, reader, embedder)
    first, second = (r.messages[-1].content for r in reader.requests[:2])
    assert "unanswerable" in first and "unanswerable" not in second
    assert "The answer so far: 1987\n\nQuestion:" in second


def test_cut():
    assert cut("abcdef", 6, "end") == "abcdef"
    assert cut("abcdef", 3, "end") == "abc" + GAP
    assert cut("abcdef", 3, "middle") == "ab" + GAP + "f"
    assert cut("abcdef", 0, "middle") == GAP


@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_a_document_of_one_word(strategy, dataset, scripted, embedder):
    small = replace(
        dataset,
        documents=(Document("d", "Kites"),),
        questions=(Question("q", "What?", ("d",), ("kites",)),),
        demonstrations=(
            Question("d1", "Who?", ("d",), ("kites",)),
            Question("d2", "How?", ("d",), answerable=False),
        ),
    )
    answer, _ = ask(strategy, small, scripted(), embedder)
    assert answer.text


def test_facts_are_read_from_bullets_numbers_or_plain_lines():
    assert list_items('- "One."\n* Two.\nprose\n1. Three.') == ["One.", "Two.", "Three."]
    assert list_items("One.\n\nOne.\nTwo.") == ["One.", "Two."]
    assert list_items("None.") == []


def test_the_answer_after_notes():
    assert after_answer("Notes: founded in 1987. Answer: 1987") == "1987"
    assert after_answer("1987") == "1987"
    assert after_answer("Notes: Answer:") == "Notes: Answer:"


def test_a_memory_reads_in_order_of_time_and_prefers_the_period(scripted, embedder):
    text = "\n".join(
        f"# Session of {day} {month} 2024\nUser: I flew the kite {n}.\nAssistant: Fine."
        for n, (day, month) in enumerate([(3, "June"), (2, "May"), (9, "July"), (4, "May")])
    )
    question = Question("q", "Which kite did I fly in May 2024?", ("chat",), ("1",))
    chat = Dataset("chat", (Document("chat", text),), (question,))
    reader = scripted(["Notes: two rounds. Answer: 1"])
    ask(MemoryReading(k=2), chat, reader, embedder)
    prompt = reader.requests[0].messages[-1].content
    assert prompt.index("2024-05-02") < prompt.index("2024-05-04")
    assert "2024-06-03" not in prompt and "2024-07-09" not in prompt
    plain = scripted(["Answer: 1"])
    ask(MemoryReading(k=2, time="off"), chat, plain, embedder)
    assert "2024-06-03" in plain.requests[0].messages[-1].content


def test_thoughts_without_a_marked_answer_are_not_the_answer():
    from lcrag.strategies.pieces.prompts import after_answer

    assert after_answer("It was 1987, I think.\nAnswer: 1988") == "1988"
    assert (
        after_answer("Notes:\n- founded in 1987\n- moved in 1990\nIt was in Bergen.") == "It was in Bergen."
    )
    assert after_answer("answer: one\nAnswer:") == "Answer:"
    assert after_answer("") == ""
