"""Ragas' metrics through our reader: the figures of ragas itself, on the rows of its documentation."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass

import pytest

from lcrag import Answer, ChunkedRetrieval, Experiment, Question, ScriptedReader
from lcrag.components import build, names
from lcrag.errors import LcragError
from lcrag.judges import Ragas
from lcrag.judging.tools import Judging, MeteredJudge
from lcrag.schema import Passage
from lcrag.testing import world

os.environ["RAGAS_DO_NOT_TRACK"] = "true"
TOWER, SUPER_BOWL = "Where is the Eiffel Tower located?", "When was the first super bowl?"
HELD = "The first superbowl was held on Jan 15, 1967"
LIC = (
    "The Life Insurance Corporation of India (LIC) was established in 1956 following the nationalization of the "
    "insurance industry in India.",
    "LIC is the largest insurance company in India, with a vast network of policyholders and huge investments.",
    "As the largest institutional investor in India, LIC manages substantial funds, contributing to the financial "
    "stability of the country.",
    "The Indian economy is one of the fastest-growing major economies in the world, thanks to sectors like finance, "
    "technology, manufacturing etc.",
)


def statements(*verdicts):
    return {
        "statements": [{"statement": f"s{i}", "reason": "r", "verdict": v} for i, v in enumerate(verdicts)]
    }


def classified(*names):
    return [{"statement": name, "reason": "r"} for name in names]


@dataclass(frozen=True)
class Row:
    """A row of ragas' documentation with a judge's replies in order, and the figure that they make."""

    figure: float
    replies: tuple
    question: str = TOWER
    response: str = "The Eiffel Tower is located in Paris."
    reference: str = "The Eiffel Tower is located in Paris."
    contexts: tuple = ("Paris is the capital of France.",)


ROWS = {
    "faithfulness": Row(
        0.5,
        (
            {"statements": ["Einstein was born in Germany.", "Einstein was born on 20th March 1879."]},
            statements(1, 0),
        ),
        "Where and when was Einstein born?",
        "Einstein was born in Germany on 20th March 1879.",
        contexts=("Albert Einstein (born 14 March 1879) was a German-born theoretical physicist",),
    ),
    "answer_relevancy": Row(
        (1 + 5 / 6 + 2 / 6**0.5 / 3**0.5) / 3,
        (
            {"question": "When was the first super bowl?", "noncommittal": 0},
            {"question": "Where was the first super bowl?", "noncommittal": 0},
            {"question": "Which super bowl?", "noncommittal": 1},
        ),
        SUPER_BOWL,
        HELD,
    ),
    "context_precision": Row(
        0.5,
        ({"reason": "Berlin", "verdict": 0}, {"reason": "Paris", "verdict": 1}),
        contexts=("The Brandenburg Gate is located in Berlin.", "The Eiffel Tower is located in Paris."),
    ),
    "context_recall": Row(
        0.5,
        (
            {
                "classifications": [
                    {"statement": "a", "reason": "r", "attributed": 1},
                    {"statement": "b", "reason": "r", "attributed": 0},
                ]
            },
        ),
    ),
    "answer_correctness": Row(
        0.75 * 2 / 3 + 0.25 * 8 / 9,
        (
            {"statements": ["The first superbowl was held on Jan 15, 1967."]},
            {"statements": ["The first superbowl was held on January 15, 1967."]},
            {"TP": classified("a"), "FP": [], "FN": classified("b")},
        ),
        SUPER_BOWL,
        HELD,
        "The first superbowl was held on January 15, 1967",
    ),
    "factual_correctness": Row(
        0.67,
        (
            {"claims": ["The Eiffel Tower is in Paris."]},
            statements(1),
            {"claims": ["The Eiffel Tower is in Paris.", "It has a height of 1000ft."]},
            statements(1, 0),
        ),
        reference="The Eiffel Tower is located in Paris. I has a height of 1000ft.",
    ),
    "noise_sensitivity": Row(
        1 / 3,
        (
            {"statements": ["LIC is the largest.", "LIC was established in 1956."]},
            {
                "statements": [
                    "LIC is the largest.",
                    "It has a vast portfolio.",
                    "It contributes to stability.",
                ]
            },
            *(statements(0, 1), statements(0, 0, 0)),
            *(statements(1, 0), statements(1, 1, 0)),
            *(statements(1, 0), statements(0, 0, 1)),
            *(statements(0, 0), statements(0, 0, 0)),
            statements(1, 1, 0),
        ),
        "What is the Life Insurance Corporation of India (LIC) known for?",
        "The Life Insurance Corporation of India (LIC) is the largest insurance company in India, known for its vast "
        "portfolio of investments. LIC contributes to the financial stability of the country.",
        "The Life Insurance Corporation of India (LIC) is the largest insurance company in India, established in 1956 "
        "through the nationalization of the insurance industry. It is known for managing a large portfolio of "
        "investments.",
        LIC,
    ),
}


def judged(metric, row, reader):
    """Our verdict and the tools that it was made with."""
    question = Question("q", row.question, ("d",), (row.reference,))
    answer = Answer(row.response, tuple(Passage(text, "d") for text in row.contexts))
    return metric.score(question, answer, MeteredJudge(Judging(reader, world.WordEmbedder())))


def replying(*replies):
    return ScriptedReader(
        [r if isinstance(r, str) else json.dumps(r) for r in replies], context_window=100_000
    )


async def of_ragas(metric, row):
    """The figure of ragas' own class with the same replies, and its prompts."""
    import numpy as np
    from ragas.embeddings.base import BaseRagasEmbedding
    from ragas.llms.base import InstructorBaseRagasLLM
    from ragas.metrics import collections

    prompts, replies = [], iter(row.replies)

    class LLM(InstructorBaseRagasLLM):
        async def agenerate(self, prompt, response_model):
            prompts.append(prompt)
            return response_model.model_validate(next(replies))

        def generate(self, prompt, response_model):
            raise NotImplementedError

    class Words(BaseRagasEmbedding):
        async def aembed_text(self, text, **kwargs):
            return np.asarray(world.WordEmbedder().embed([text]).vectors[0]).tolist()

        def embed_text(self, text, **kwargs):
            raise NotImplementedError

    classes = {
        "faithfulness": (collections.Faithfulness, "question response contexts"),
        "answer_relevancy": (collections.AnswerRelevancy, "question response"),
        "context_precision": (collections.ContextPrecision, "question reference contexts"),
        "context_recall": (collections.ContextRecall, "question reference contexts"),
        "answer_correctness": (collections.AnswerCorrectness, "question response reference"),
        "factual_correctness": (collections.FactualCorrectness, "response reference"),
        "noise_sensitivity": (collections.NoiseSensitivity, "question response reference contexts"),
    }
    kind, inputs = classes[metric]
    keys = {"question": "user_input", "contexts": "retrieved_contexts"}
    values = {keys.get(i, i): getattr(row, i) for i in inputs.split()}
    if "retrieved_contexts" in values:
        values["retrieved_contexts"] = list(values["retrieved_contexts"])
    embeds = {"embeddings": Words()} if metric in ("answer_relevancy", "answer_correctness") else {}
    return (await kind(llm=LLM(), **embeds).ascore(**values)).value, prompts


@pytest.fixture
def ragas():
    return pytest.importorskip("ragas", reason="ragas is not installed: pip install 'lcrag[ragas]'")


@pytest.mark.parametrize("metric", ROWS)
async def test_the_figure_and_the_prompts_are_those_of_ragas(metric, ragas):
    row = ROWS[metric]
    reader = replying(*row.replies)
    figure, prompts = await of_ragas(metric, row)
    verdict = await judged(Ragas(metric, temperature=0.01), row, reader)
    assert verdict.score == pytest.approx(figure, abs=1e-9)
    assert verdict.score == pytest.approx(row.figure, abs=1e-6)
    assert [r.messages[-1].content for r in reader.requests] == prompts


async def test_every_token_of_judge_and_embedder_is_booked_once(ragas):
    row, embedder = ROWS["answer_correctness"], world.CountingEmbedder()
    reader = replying(*row.replies)
    tools = MeteredJudge(Judging(reader, embedder))
    question = Question("q", row.question, ("d",), (row.reference,))
    await Ragas("answer_correctness").score(question, Answer(row.response), tools)
    prompts = sum(reader.count_tokens(r.messages) for r in reader.requests)
    replies = sum(len(json.dumps(r).split()) for r in row.replies)
    assert tools.usage.prompt_tokens == prompts + embedder.tokens
    assert tools.usage.completion_tokens == replies
    assert tools.usage.calls == len(row.replies) + 2


async def test_a_greedy_judge_is_asked_once_for_questions_that_would_be_the_same(ragas):
    row = ROWS["answer_relevancy"]
    reader = replying(row.replies[1])
    verdict = await judged(Ragas("answer_relevancy"), row, reader)
    assert verdict.score == pytest.approx(5 / 6, abs=1e-6)
    assert len(reader.requests) == 1


async def test_a_reply_that_does_not_fit_is_asked_for_once_more(ragas):
    row = ROWS["context_recall"]
    reader = replying("The context says so.", f"Here it is:\n```json\n{json.dumps(row.replies[0])}\n```")
    verdict = await judged(Ragas("context_recall"), row, reader)
    assert verdict.score == 0.5
    assert reader.requests[1].messages[-2].content == "The context says so."


async def test_an_unreadable_reply_leaves_the_answer_unscored_and_is_counted(ragas):
    verdict = await judged(
        Ragas("context_recall"), ROWS["context_recall"], replying("Yes.", '{"verdict": 1}')
    )
    assert (verdict.score, verdict.unreadable) == (None, True)
    assert "classifications" in verdict.reason


@pytest.mark.parametrize(
    ("metric", "replies"),
    [
        ("noise_sensitivity", (*ROWS["noise_sensitivity"].replies[:-1], statements(1, 0))),
        ("context_precision", ({"reason": "r", "verdict": 3}, {"reason": "r", "verdict": 3})),
        ("faithfulness", ({"statements": []},)),
    ],
    ids=["another number of statements", "no verdict of 0 or 1", "no statement"],
)
async def test_replies_without_a_meaning_are_no_score(metric, replies, ragas):
    verdict = await judged(Ragas(metric), ROWS[metric], replying(*replies))
    assert (verdict.score, verdict.unreadable) == (None, True)


def test_a_metric_applies_where_all_is_there_that_it_reads():
    answerable = Question("q", "Who?", ("d",), ("Ada",))
    unanswerable = Question("q", "Who?", ("d",), answerable=False)
    with_passages = Answer("Ada", (Passage("Ada is the chief.", "d"),))
    assert Ragas("faithfulness").applies(unanswerable, with_passages)
    assert not Ragas("faithfulness").applies(answerable, Answer("Ada"))
    assert not Ragas("answer_correctness").applies(unanswerable, with_passages)
    assert Ragas("answer_correctness").applies(answerable, Answer("Ada"))
    assert not Ragas("answer_relevancy").applies(answerable, Answer(" "))
    assert Ragas("context_recall").needs == {"gold", "passages"}


def test_a_metric_that_is_better_when_lower_does_not_decide():
    Ragas("faithfulness", uncalibrated=True).check_may_decide()
    with pytest.raises(LcragError, match="set `uncalibrated: true`"):
        Ragas("faithfulness").check_may_decide()
    with pytest.raises(LcragError, match="better when lower"):
        Ragas("noise_sensitivity").check_may_decide()


def test_it_is_named_in_yaml_by_its_metric():
    metric = build("metric", {"type": "ragas", "metric": "context_recall"}, "run.yaml: metrics[0]")
    assert metric.name == "ragas_context_recall"
    assert "ragas" in names("metric")  # also where ragas is not installed
    assert build("metric", "ragas", "run.yaml: metrics[0]").name == "ragas_faithfulness"
    with pytest.raises(LcragError, match="context_recal"):
        build("metric", {"type": "ragas", "metric": "context_recal"}, "run.yaml: metrics[0]")
    with pytest.raises(LcragError, match="did you mean 'context_recall'"):
        Ragas("context_recal")


async def test_without_ragas_one_sentence_names_the_extra(monkeypatch):
    from lcrag.judges import adapters

    monkeypatch.delattr(adapters, "ragas", raising=False)
    monkeypatch.setitem(sys.modules, "ragas", None)
    monkeypatch.delitem(sys.modules, "lcrag.judges.adapters.ragas", raising=False)
    for name in [m for m in sys.modules if m.startswith("ragas.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(LcragError, match=r"pip install 'lcrag\[ragas\]'"):
        await judged(Ragas("context_recall"), ROWS["context_recall"], replying())


async def test_a_run_shows_its_scores_and_books_the_judge(tmp_path, ragas):
    judge = ScriptedReader(lambda request: json.dumps(ROWS["context_recall"].replies[0]), name="judge")
    experiment = Experiment(
        world.dataset(),
        world.reader(),
        [ChunkedRetrieval(k=2)],
        tmp_path,
        embedder=world.WordEmbedder(),
        retriever=build("retriever", "bm25", "here"),
        metrics=[Ragas("context_recall", judge=judge)],
        mlflow="",
    )
    table = (await asyncio.to_thread(experiment.run)).table
    answerable = table["question_id"] != "q2"
    assert set(table.loc[answerable, "score_ragas_context_recall"]) == {0.5}
    assert table.loc[~answerable, "score_ragas_context_recall"].isna().all()
    assert table["judge_calls"].sum() == len(judge.requests) == 4
