"""Every strategy asks in the words of the question's task; long context and retrieval also in the authors' prompt."""

from dataclasses import replace

import pytest

from lcrag.datasets.base import Dataset
from lcrag.schema import Task
from lcrag.strategies import ChunkedRetrieval, LongContext, SelfRoute
from tests.strategies.conftest import MATRIX, ask

IN_WORDS = Task("qa", instruction="Name the thing and nothing else.", max_tokens=19)
TEMPLATE = replace(
    IN_WORDS,
    template="Read this:\n{context}\nNow answer. {question} In short:",
    passages_template="Excerpts:\n{context}\nNow answer. {question} In short:",
    passage_template="chunk {number}: {text}.\n\n",
    system="Be helpful.",
    stop=("\n",),
)
OTHER_OUTPUT = {"agent_write"}  # writes paragraphs by a plan
ACTS_ON_DECLINING = {"self_route"}


def with_task(dataset: Dataset, task: Task) -> Dataset:
    return replace(dataset, questions=tuple(replace(q, task=task) for q in dataset.questions))


@pytest.mark.parametrize("strategy", [s for s in MATRIX if s.name not in OTHER_OUTPUT], ids=lambda s: s.name)
def test_every_strategy_asks_in_the_words_of_the_task(strategy, shown_dataset, scripted, embedder):
    reader = scripted()
    ask(strategy, with_task(shown_dataset, IN_WORDS), reader, embedder)
    asked = [r for r in reader.requests if IN_WORDS.instruction in r.messages[-1].content]
    assert asked, "no prompt has the task's instruction"
    assert any(r.max_tokens >= IN_WORDS.max_tokens for r in asked)
    if strategy.name not in ACTS_ON_DECLINING:
        endings = [r.messages[-1].content.split(IN_WORDS.instruction)[1] for r in asked]
        assert any("unanswerable" not in ending for ending in endings)


def test_long_context_asks_the_official_prompt_to_the_letter(shown_dataset, scripted, embedder):
    reader, dataset = scripted(), with_task(shown_dataset, TEMPLATE)
    ask(LongContext(), dataset, reader, embedder)
    (request,) = reader.requests
    question = dataset.questions[0]
    text = dataset.document(question.document_ids[0]).text
    assert [m.role for m in request.messages] == ["system", "user"]
    assert request.messages[-1].content == f"Read this:\n{text}\nNow answer. {question.text} In short:"
    assert request.messages[-1].content[: request.prefix_chars] == f"Read this:\n{text}"
    assert (request.max_tokens, request.stop) == (19, ("\n",))


def test_a_question_before_the_text_leaves_no_prefix(shown_dataset, scripted, embedder):
    reader = scripted()
    task = replace(TEMPLATE, template="{question}\n{context}\n{question}")
    ask(LongContext(), with_task(shown_dataset, task), reader, embedder)
    assert reader.requests[0].prefix_chars == 0


def test_retrieval_has_the_official_form_of_passages(shown_dataset, scripted, embedder):
    reader = scripted()
    ask(ChunkedRetrieval(k=2), with_task(shown_dataset, TEMPLATE), reader, embedder)
    content = reader.requests[0].messages[-1].content
    assert content.startswith("Excerpts:\nchunk 1: ")
    assert "chunk 2: " in content
    assert content.endswith("In short:")


def test_self_route_keeps_the_leave_to_decline_that_it_acts_on(shown_dataset, scripted, embedder):
    reader = scripted()
    ask(SelfRoute(k=1), with_task(shown_dataset, TEMPLATE), reader, embedder)
    assert "unanswerable" in reader.requests[0].messages[-1].content
