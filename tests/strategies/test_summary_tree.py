"""The tree of summaries reads the whole text, layer by layer."""

import re
from dataclasses import replace

import pytest

from lcrag.datasets.base import Dataset
from lcrag.schema import Document, Question
from lcrag.strategies import SummaryTree
from lcrag.strategies.summary_tree import SUMMARISE
from tests.strategies.conftest import ask

TOPICS = ("kites need wind and string", "lamps give light at night", "ships cross the sea slowly")
LEAVES = [f"leaf{i} {TOPICS[i % 3]} {TOPICS[i % 3]} word{i % 7}." for i in range(240)]
MARK = re.compile(r"\b(?:leaf|summary)\d+\b")


def data(leaves):
    text = "\n\n".join(leaves)
    return Dataset("d", (Document("d", text),), (Question("q", "What do kites need?", ("d",), ("wind",)),))


def narrator():
    """Numbers its summaries, so that a summary can be recognised in the next layer."""
    numbers = {}

    def talk(request):
        prompt = request.messages[-1].content
        if SUMMARISE not in prompt:
            return "wind"
        return f"summary{numbers.setdefault(prompt, len(numbers))} of {prompt.split()[1]}"

    return talk


def prompts(reader):
    return [
        r.messages[-1].content.removesuffix(SUMMARISE)
        for r in reader.requests
        if r.messages[-1].content.endswith(SUMMARISE)
    ]


STRATEGY = SummaryTree(chunk_chars=90, cluster_tokens=120)


def test_every_leaf_of_a_long_text_is_in_a_prompt_that_asks_for_a_summary(scripted, embedder):
    reader = scripted(narrator())
    ask(STRATEGY, data(LEAVES), reader, embedder)
    read = {mark for prompt in prompts(reader) for mark in MARK.findall(prompt)}
    lost = [f"leaf{i}" for i in range(240) if f"leaf{i}" not in read]
    assert not lost, f"{len(lost)} of 240 leaves were never summarised"
    assert max(len(prompt.split()) for prompt in prompts(reader)) <= 120


def test_chunks_on_one_topic_are_summarised_together_wherever_they_stand(scripted, embedder):
    """Neighbours in this text are never on the same topic."""
    reader = scripted(narrator())
    ask(STRATEGY, data(LEAVES), reader, embedder)
    topics = [
        sum(t in p for t in TOPICS) for p in prompts(reader) if p.startswith("leaf") and "\n\n" in p.strip()
    ]
    assert topics.count(1) / len(topics) > 0.9


def test_no_summary_is_lost_on_the_way_up(scripted, embedder):
    reader = scripted(narrator())
    ask(STRATEGY, data(LEAVES), reader, embedder)
    marks = [MARK.findall(prompt) for prompt in prompts(reader)]
    first_layer = {f"summary{n}" for n, read in enumerate(marks) if read[0].startswith("leaf")}
    assert len(first_layer) > 3
    assert first_layer <= {mark for read in marks for mark in read}


def test_a_window_that_is_smaller_than_the_clusters_is_kept(scripted, embedder):
    reader = scripted(narrator(), context_window=300)
    ask(replace(STRATEGY, cluster_tokens=3500, k=2), data(LEAVES), reader, embedder)
    read = {mark for prompt in prompts(reader) for mark in MARK.findall(prompt)}
    assert {f"leaf{i}" for i in range(240)} <= read


def test_texts_that_no_vector_tells_apart_are_cut_in_their_order(scripted, embedder):
    reader = scripted(narrator())
    same = [f"leaf{i} kites kites kites kites kites kites kites kites kites" for i in range(60)]

    class Blind(type(embedder)):
        def embed(self, texts, kind="document"):
            return super().embed(["kites"] * len(texts), kind)

    ask(replace(STRATEGY, chunk_chars=60), data(same), reader, Blind())
    first = [MARK.findall(p) for p in prompts(reader) if "leaf" in p]
    assert sorted(int(m[4:]) for read in first for m in read) == list(range(60))
    assert all([int(m[4:]) for m in read] == sorted(int(m[4:]) for m in read) for read in first)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_makes_the_same_tree(seed, scripted, embedder):
    trees = []
    for _ in range(2):
        reader = scripted(narrator(), delay=0.001)
        ask(replace(STRATEGY, seed=seed), data(LEAVES), reader, embedder)
        trees.append(prompts(reader))
    assert trees[0] == trees[1]


def test_what_a_document_no_longer_says_is_not_read(scripted, embedder, tmp_path):
    before, after = LEAVES[:30], [*LEAVES[:29], "leaf999 lamps give light at night."]
    ask(STRATEGY, data(before), scripted(narrator()), embedder, keep=tmp_path)
    reader = scripted(narrator())
    strategy = replace(STRATEGY, k=999, context_tokens=99_999)
    answer, _ = ask(strategy, data(after), reader, embedder, keep=tmp_path)
    final = reader.requests[-1].messages[-1].content
    assert "leaf999 " in final and "leaf29 " not in final
    assert answer.notes["nodes"] == 30 + answer.notes["summaries"]
