"""Memories: what they keep, forget and cost."""

from dataclasses import replace

import pytest

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Document, Question
from lcrag.strategies import (
    ClueMemory,
    GistMemory,
    LocalMemory,
    MemoryReading,
    SummaryTree,
)
from lcrag.strategies.pieces.prompts import SYSTEM
from tests.strategies.conftest import ask, ask_all, resources

DAYS = [(3, "June"), (2, "May"), (9, "July"), (4, "May")]
TEXT = "\n".join(
    f"# Session of {day} {month} 2024\nUser: I flew the kite {n}.\nAssistant: Fine."
    for n, (day, month) in enumerate(DAYS)
)
FLEW = Question("q", "Which kite did I fly in spring?", ("chat",), ("1",), metadata={"date": "2024-08-01"})


@pytest.fixture
def chat():
    return Dataset("chat", (Document("chat", TEXT),), (FLEW,))


def test_a_session_is_all_under_a_dated_heading(chat, scripted, embedder):
    reader = scripted(["Answer: 1"])
    answer, _ = ask(MemoryReading(k=4, granularity="session"), chat, reader, embedder)
    assert len(answer.evidence) == 4
    assert all(p.text.startswith("# Session") for p in answer.evidence)


def test_a_note_for_each_value_and_empty_ones_are_left_out(chat, scripted, embedder):
    def talk(request):
        asked = request.messages[-1].content
        if "Memory item:" in asked:
            return "They flew kite 1." if "kite 1" in asked else "Empty."
        return "1"

    reader = scripted(talk)
    answer, _ = ask(MemoryReading(k=3, reading="note_each"), chat, reader, embedder)
    assert (answer.text, answer.notes["values"], len(reader.requests)) == ("1", 1, 4)
    assert "They flew kite 1." in reader.requests[-1].messages[-1].content


@pytest.mark.parametrize(
    ("keys", "key"),
    [("fact", "The kite flew.\nIt was fine."), ("value+fact", "The kite flew.\nIt was fine.\nUser: ")],
)
def test_facts_are_the_key_and_the_value_is_read(keys, key, chat, scripted, embedder):
    reader = scripted(
        lambda r: "- The kite flew.\n- It was fine." if "List the facts" in r.messages[-1].content else "1"
    )
    embedded = []

    class Recording(type(embedder)):
        def embed(self, texts, kind="document"):
            embedded.extend(texts)
            return super().embed(texts, kind)

    ask(MemoryReading(k=1, keys=keys, reading="direct"), chat, reader, Recording())
    documents = [text for text in embedded if text != FLEW.text]
    assert len(documents) == 4 and all(text.startswith(key) for text in documents)
    assert "The kite flew" not in reader.requests[-1].messages[-1].content


def test_a_memory_on_disk_is_paid_once_and_a_grown_document_costs_what_is_new(
    chat, scripted, embedder, tmp_path
):
    strategy = MemoryReading(k=1, keys="fact", reading="direct")
    first = scripted(lambda r: "- A fact.")
    _, paid = ask(strategy, chat, first, embedder, keep=tmp_path)
    again = scripted(lambda r: "- A fact.")
    _, kept = ask(strategy, chat, again, embedder, keep=tmp_path)
    assert len(first.requests) == 5 and len(again.requests) == 1
    assert kept.ledger["build"] == paid.ledger["build"]
    more = TEXT + "\n# Session of 1 August 2024\nUser: I sold the kite.\nAssistant: Why?"
    grown = scripted(lambda r: "- A fact.")
    ask(strategy, replace(chat, documents=(Document("chat", more),)), grown, embedder, keep=tmp_path)
    assert [("I sold the kite" in r.messages[-1].content) for r in grown.requests] == [True, False]


def test_pages_are_looked_up_and_take_their_gists_place(dataset, scripted, embedder):
    def talk(request):
        asked = request.messages[-1].content
        if "natural place to pause" in asked:
            return "3"
        if "essence" in asked:
            return f"A gist of {len(asked)}."
        if "Which of these pages" in asked:
            return "Pages 2 and 77, please."
        return "1987"

    reader = scripted(talk)
    answer, _ = ask(GistMemory(max_page_words=80, min_page_words=30), dataset, reader, embedder)
    final = reader.requests[-1].messages[-1].content
    assert answer.notes["looked_up"] == 1 and answer.text == "1987"
    assert "Page 1 (shortened):\nA gist" in final and "Page 2:\n" in final
    text = dataset.documents[0].text
    pages = [(p.start, p.end) for p in answer.evidence]
    assert all(text[s:e] == p.text for (s, e), p in zip(pages, answer.evidence, strict=True))


@pytest.mark.parametrize(("pages", "cached"), [("none", "all gists"), ("2", "page 1")])
def test_questions_on_a_document_share_its_gists_in_the_prefix_cache(
    pages, cached, dataset, scripted, embedder
):
    def talk(request):
        asked = request.messages[-1].content
        return pages if "Which of these pages" in asked else "A gist."

    reader = scripted(talk)
    shared = resources(dataset, reader, embedder)
    strategy = GistMemory(max_page_words=80, min_page_words=30)
    (_, first), (_, second), *_ = ask_all(strategy, shared, dataset)
    shown = "Page {} (shortened):\nA gist.\n\n"
    system = len(SYSTEM.split())
    gists, one = (system + sum(len(shown.format(i).split()) for i in range(n)) for n in (3, 1))
    prefixes = {"all gists": (gists, gists), "page 1": (gists, one)}[cached]
    assert second.ledger["read"].cached_tokens == sum(prefixes)
    assert first.ledger["read"].cached_tokens < sum(prefixes)


def test_sequential_look_up_stops(dataset, scripted, embedder):
    said = iter(["2", "2", "1987"])

    def talk(request):
        asked = request.messages[-1].content
        return next(said) if "Question: " in asked else "x"

    reader = scripted(talk)
    strategy = GistMemory(look_up="sequential", max_pages=5, max_page_words=80, min_page_words=30)
    answer, _ = ask(strategy, dataset, reader, embedder)
    assert (answer.text, answer.notes["looked_up"]) == ("1987", 1)


def test_clues_retrieve_in_document_order_and_short_ones_are_left_out(dataset, scripted, embedder):
    def talk(request):
        asked = request.messages[-1].content
        if "Write down what this part" in asked:
            return "A gist."
        if "clues" in asked:
            return "- kites\n- It was founded in Bergen\n- Northwind sells kites and more"
        return "1987" if "founded in 1987" in asked else "?"

    reader = scripted(talk)
    answer, _ = ask(ClueMemory(chunk_chars=800, hits=1), dataset, reader, embedder)
    assert (answer.text, answer.notes["clues"]) == ("1987", 2)
    final = reader.requests[-1].messages[-1].content
    assert final.index("sells kites") < final.index("founded in 1987")


def test_the_tree_has_summaries_above_its_leaves(scripted, embedder):
    topics = ["Kites need wind and string.", "Lamps give light at night.", "Ships cross the sea slowly."]
    text = "\n\n".join(" ".join([t] * 3) + f" Number {i}." for t in topics for i in range(4))
    data = Dataset("d", (Document("d", text),), (Question("q", "What do kites need?", ("d",), ("wind",)),))
    reader = scripted(lambda r: "A summary of kites." if "summary" in r.messages[-1].content else "wind")
    answer, tools = ask(SummaryTree(k=99, chunk_chars=120), data, reader, embedder)
    summaries = sum("summary" in r.messages[-1].content for r in reader.requests[:-1])
    assert len(answer.evidence) == 12 and answer.notes["summaries"] == summaries >= 2
    assert answer.notes["nodes"] == 12 + summaries
    assert all(text[p.start : p.end] == p.text for p in answer.evidence)
    assert tools.ledger["build"].calls > 0


def test_remembered_chunks_are_evidence_best_first_and_are_read_in_the_order_of_the_text(
    dataset, scripted, embedder
):
    reader = scripted()
    answer, _ = ask(LocalMemory(context_tokens=400, share=1, chunk_chars=200), dataset, reader, embedder)
    ranks = [p.score for p in answer.evidence]
    assert ranks == sorted(ranks, reverse=True)
    assert "founded in 1987" in answer.evidence[0].text
    prompt = reader.requests[-1].messages[-1].content
    assert prompt.count("sells kites", 0, prompt.index("founded in 1987")) > 10


def test_the_local_window_and_the_memory_share_the_tokens(dataset, scripted, embedder):
    reader = scripted()
    answer, tools = ask(
        LocalMemory(context_tokens=120, share=0.5, chunk_chars=200), dataset, reader, embedder
    )
    assert answer.notes["local_tokens"] <= 60 < answer.notes["local_tokens"] + 20
    assert answer.notes["remembered"] >= 1
    assert tools.input_tokens < 120 + 80
    only_local, _ = ask(LocalMemory(context_tokens=120, share=0), dataset, scripted(), embedder)
    only_memory, _ = ask(LocalMemory(context_tokens=120, share=1), dataset, scripted(), embedder)
    assert (only_local.notes["remembered"], only_memory.notes["local_tokens"]) == (0, 0)
    start, _ = ask(LocalMemory(context_tokens=60, share=0, window="start"), dataset, scripted(), embedder)
    assert start.evidence[0].start == 0
    two = replace(dataset, questions=(replace(dataset.questions[0], document_ids=("north", "south")),))
    with pytest.raises(LcragError, match="reads one document, not 2"):
        ask(LocalMemory(), two, scripted(), embedder)
