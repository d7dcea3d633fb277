"""BERTScore by the real MiniLM, held against sentence-transformers' own token vectors."""

import numpy as np
import pytest

from lcrag.components import build
from lcrag.errors import LcragError
from lcrag.judging.tools import Judging, MeteredJudge
from lcrag.schema import Answer, Question

GOLD = "The firm was founded in 1987."
PARAPHRASE = "The company started in 1987."
UNRELATED = "Bright lamps hang above the harbour."


def tools_of(embedder):

    return MeteredJudge(Judging(embedder=embedder))


@pytest.fixture(scope="module")
def minilm():
    pytest.importorskip("sentence_transformers")
    from embedders import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(dtype="float32")


async def verdict(tools, text, *golds, question=None, **settings):
    metric = build("metric", {"type": "bert_score", **settings}, "here")
    question = question or Question("q", "When?", ("d",), golds)
    return await metric.score(question, Answer(text), tools)


def independent(text, gold):
    """The paper's recall, precision and F, from the token states that sentence-transformers itself gives."""
    from sentence_transformers import SentenceTransformer

    from embedders.loading import bundled_minilm

    model = SentenceTransformer(str(bundled_minilm()), device="cpu")
    states = [model.encode(t, output_value="token_embeddings").numpy()[1:-1] for t in (text, gold)]
    x_hat, x = ([row / np.linalg.norm(row) for row in rows] for rows in states)
    recall = sum(max(float(a @ b) for b in x_hat) for a in x) / len(x)
    precision = sum(max(float(a @ b) for a in x) for b in x_hat) / len(x_hat)
    return {
        "recall": recall,
        "precision": precision,
        "fmeasure": 2 * precision * recall / (precision + recall),
    }


async def test_it_is_the_papers_formula_over_the_librarys_token_vectors(minilm):
    expected = independent(PARAPHRASE, GOLD)
    assert expected["recall"] != pytest.approx(expected["precision"], abs=1e-3)
    for measure, value in expected.items():
        given = await verdict(tools_of(minilm), PARAPHRASE, GOLD, measure=measure)
        assert given.score == pytest.approx(value, abs=1e-5)


async def test_a_paraphrase_is_nearer_than_an_unrelated_sentence(minilm):
    tools = tools_of(minilm)
    same, near, far = [(await verdict(tools, text, GOLD)).score for text in (GOLD, PARAPHRASE, UNRELATED)]
    assert same == pytest.approx(1, abs=1e-6)
    assert (round(near, 2), round(far, 2)) == (0.87, 0.07)  # docs/metrics.md tells them


async def test_the_nearest_gold_answer_counts_and_is_named(minilm):
    given = await verdict(tools_of(minilm), PARAPHRASE, UNRELATED, GOLD)
    assert given == await verdict(tools_of(minilm), PARAPHRASE, GOLD)
    assert GOLD in given.reason


async def test_what_the_embedder_read_is_booked(minilm):
    tools = tools_of(minilm)
    await verdict(tools, PARAPHRASE, GOLD)
    assert tools.usage.prompt_tokens == minilm.count_tokens([PARAPHRASE, GOLD])
    assert tools.usage.calls == 1
    assert tools.usage.flops > 0


async def test_an_empty_answer_has_0_and_asks_nobody(minilm):
    tools = tools_of(minilm)
    assert (await verdict(tools, " ", GOLD)).score == 0
    assert tools.usage.calls == 0


async def test_it_scores_free_text_only(minilm):
    choice = Question("q", "Which?", ("d",), ("kites",), choices=("kites", "lamps"))
    none = Question("q", "Which?", ("d",), answerable=False)
    for question in (choice, none):
        assert (await verdict(tools_of(minilm), "kites", question=question)).score is None
        assert not build("metric", "bert_score", "here").applies(question, Answer("kites"))


async def test_an_embedder_without_token_vectors_is_told(embedder):
    with pytest.raises(
        LcragError, match="the embedder 'words', which has none: give it `embedder: sentence_tr"
    ):
        await verdict(tools_of(embedder), PARAPHRASE, GOLD)
