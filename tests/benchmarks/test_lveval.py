# ruff: noqa: RUF001
"""LV-Eval: what its records become, how it asks, and its scorers' digits."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.official import LVEval
from lcrag.schema import Answer, Question
from tests.benchmarks.written import loaded, official_prompt, question


def digits(task, reply, *answers, keywords="", **settings):
    about = {
        "task": task,
        "answer_keywords": keywords,
        "language": "zh" if "zh" in task or "dureader" in task else "en",
    }
    return round(
        100 * LVEval(**settings).score(Question("q", "?", ("d",), answers, metadata=about), Answer(reply)), 2
    )


def test_records_become_questions(tmp_path):
    dataset = loaded(tmp_path, "lveval")
    first, second = (question(dataset, "hotpotwikiqa_mixup", i) for i in (0, 1))
    assert (first.metadata["length"], second.metadata["length"]) == ("16k", "32k")
    assert first.metadata["answer_keywords"] == "Ida Brook"
    assert first.task.average == ("length", "task")
    assert question(dataset, "dureader_mixup").metadata["language"] == "zh"


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "lveval", prompt="official")
    some = (
        "Questions and answers are only relevant to some passages. Only give me the answer and do not output any other "
        "explanation and evidence."
    )
    assert official_prompt(dataset, question(dataset, "hotpotwikiqa_mixup")) == (
        f"Answer the question based on the given passages. {some}\n\nArticle: Ida Brook built the mill.\n\nPlease "
        f"answer the following question based on the above passages. {some}\n\nQuestion: Who?\nAnswer:"
    )
    assert official_prompt(dataset, question(dataset, "dureader_mixup")) == (
        "请根据下面给定的文章回答问题，问题和答案只与其中一篇文章有关。\n\n文章：Ida Brook built the mill.\n\n"
        "现在请基于上述文章回答下面的问题，问题和答案只与其中一篇文章有关。\n\n问题：谁？\n回答："
    )


@pytest.mark.parametrize(
    ("task", "reply", "answers", "keywords", "score"),
    [
        (
            "hotpotwikiqa_mixup",
            "it was Ida",
            ("it was Ida Brook",),
            "Ida Brook",
            85.71,
        ),  # recall 1/2; F1 3/3, 3/4
        (
            "hotpotwikiqa_mixup",
            "it was Bo",
            ("it was Ida Brook",),
            "Ida Brook",
            0.0,
        ),  # F1 alone would be 57.14
        ("hotpotwikiqa_mixup", "it was Bo", ("it was Ida Brook",), "", 57.14),  # no keywords, no gate
        # of six keywords only mill counts: it and was do not, but are among the six
        ("hotpotwikiqa_mixup", "it was mill", ("it was the mill",), "it was in the mill of Oare", 0.0),
        ("hotpotwikiqa_mixup", "Bo", ("Ida", "Bo"), "", 0.0),  # the first gold answer only
        ("factrecall_en", "it was Bo", ("it was Ida Brook",), "Ida Brook", 57.14),
        ("factrecall_zh", "是波", ("是艾达",), "艾达", 40.0),
        ("multifieldqa_zh_mixup", "是波", ("是艾达",), "", 0.0),  # the gold answer is the keyword: recall 0/3
        ("multifieldqa_zh_mixup", "艾达", ("是艾达",), "艾达", 80.0),
        ("dureader_mixup", "艾达的磨坊", ("艾达在磨坊",), "", 100.0),  # 的 and 在 are ignored
    ],
)
def test_scores(task, reply, answers, keywords, score):
    assert digits(task, reply, *answers, keywords=keywords) == score


def test_the_mended_variant_takes_the_best_gold_answer():
    assert digits("hotpotwikiqa_mixup", "Bo", "Ida", "Bo", variant="fixed") == 100.0
    with pytest.raises(LcragError, match="cuts Chinese with jieba"):
        LVEval(segmentation="jieba")
