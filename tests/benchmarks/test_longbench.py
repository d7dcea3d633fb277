"""LongBench: what its records become, how it asks, and its scorers' digits."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.cleaning import clean
from lcrag.metrics.official import LongBench
from lcrag.schema import Answer, Question
from tests.benchmarks.written import loaded, official_prompt, question


def asked(task, *answers, classes=()):
    return Question("q", "?", ("d",), answers, metadata={"task": task, "classes": classes})


def digits(task, reply, *answers, classes=(), **settings):
    return round(100 * LongBench(**settings).score(asked(task, *answers, classes=classes), Answer(reply)), 2)


def test_records_become_questions(tmp_path):
    dataset = loaded(tmp_path, "longbench")
    first = question(dataset, "hotpotqa")
    assert (first.id, first.text, first.answers) == (
        "hotpotqa-a1",
        "Who built the mill at Oare?",
        ("Ida Brook",),
    )
    assert first.metadata["category"] == "multi-document QA"
    assert first.task.average == ("category", "task")
    assert first.task.max_tokens == 32
    assert first.task.template == ""
    unknown = question(dataset, "qasper")
    assert (unknown.answerable, unknown.task.allow_decline) == (False, True)
    assert question(dataset, "gov_report").text == "Write a one-page summary of the report."
    assert question(dataset, "trec").metadata["classes"] == ("Individual", "Other location")
    assert question(dataset, "multifieldqa_zh").metadata["language"] == "zh"


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "longbench", prompt="official")
    assert official_prompt(dataset, question(dataset, "hotpotqa")) == (
        "Answer the question based on the given passages. Only give me the answer and do not output any other words."
        "\n\nThe following are given passages.\nPassage 1:\nThe mill\nIda Brook built the mill at Oare.\n\n\n"
        "Answer the question based on the given passages. Only give me the answer and do not output any other words."
        "\n\nQuestion: Who built the mill at Oare?\nAnswer:"
    )
    assert official_prompt(dataset, question(dataset, "qasper")).startswith(
        "You are given a scientific article and a question. Answer the question as concisely as you can, using a "
        "single phrase or sentence if possible. If"
    )
    assert (
        "\n\n Answer the question based on the above article as concisely as you can, using"
        in official_prompt(dataset, question(dataset, "qasper"))
    )
    (story,) = [t for t in loaded_tasks() if t.name == "narrativeqa"]
    assert story.template.count("asconcisely") == 2
    assert question(dataset, "trec").task.template.endswith("\n\n{context}\n{question}")


def loaded_tasks():
    from lcrag.benchmarks.longbench import TASKS

    return TASKS


def test_longbench_e_knows_the_bucket_and_is_kept_apart(tmp_path):
    dataset = loaded(tmp_path, "longbench_e")
    assert question(dataset, "hotpotqa").metadata["bucket"] == "4-8k"
    assert question(dataset, "lcc").metadata["bucket"] == "0-4k"
    with pytest.raises(LcragError, match="holds no file of LongBench"):
        loaded_longbench(tmp_path)


def loaded_longbench(folder):
    from lcrag.benchmarks import load_longbench

    return load_longbench(folder)


@pytest.mark.parametrize(
    ("task", "reply", "answers", "score"),
    [
        ("hotpotqa", "The answer is Ida Brook.", ("Ida Brook",), 66.67),  # answer is ida brook: 2/4, 2/2
        ("hotpotqa", "Oare", ("Ida Brook", "The Oare"), 100.0),  # the best gold answer
        ("hotpotqa", "", ("Ida Brook",), 0.0),
        ("passage_count", "7, or was it 12? 7.", ("7",), 66.67),
        ("passage_count", "seven", ("7",), 0.0),
        ("passage_retrieval_en", "Paragraph 12", ("Paragraph 1",), 0.0),
        ("passage_retrieval_en", "It is paragraph 3 of 30", ("Paragraph 3",), 50.0),
        ("passage_retrieval_zh", "段落3", ("段落3",), 100.0),
        ("lcc", "```python\n# a comment\nreturn x\n", ("return y",), 88.0),  # 14/16 in whole percent
        ("lcc", "# only\n// comments", ("return y",), 0.0),
        ("gov_report", "", ("A mill was built.",), 0.0),
    ],
)
def test_scores_of_tasks(task, reply, answers, score):
    assert digits(task, reply, *answers) == score


def test_classes_that_are_part_of_the_right_one():
    classes = ("city", "ci", "other city")
    reply = "other city"  # names city, ci and other city
    assert (
        digits("trec", reply, "other city", classes=classes) == 50.0
    )  # ci is skipped by the loop that drops city
    assert digits("trec", reply, "other city", classes=classes, variant="fixed") == 100.0
    assert digits("trec", "city or state", "city", classes=("city", "state")) == 50.0
    assert digits("trec", "state", "city", classes=("city", "state")) == 0.0


def test_rouge_counts_different_words_sentence_by_sentence():
    # words of the reply {the, mill, was, built}; of the gold {the, mill, was, built, in, 1801}; shared 4: P 1, R 4/6
    assert digits("gov_report", "the mill was built the mill", "the mill was built. in 1801") == 80.0
    # a reply that ends in ". " has an empty word more: P 4/5, R 4/6
    assert digits("gov_report", "the mill was built. ", "the mill was built. in 1801") == 72.73


def test_chinese_by_characters():
    assert digits("multifieldqa_zh", "是艾达。", "艾达") == 80.0  # 2/3 and 2/2
    assert digits("vcsum", "艾达建了磨坊", "艾达建了水坊") == 83.33
    with pytest.raises(LcragError, match="cuts Chinese with jieba: pip install jieba"):
        LongBench(segmentation="jieba")


def test_only_the_first_line_counts_where_the_authors_say_so(tmp_path):
    rules = {t.name for t in loaded_tasks() if t.cleaning == ("first_line",)}
    assert rules == {"trec", "triviaqa", "samsum", "lsht"}
    assert clean("\nIndividual\nOther location", ("first_line",)) == "Individual"


def test_other_questions_have_no_such_score():
    assert LongBench().score(Question("q", "?", ("d",), ("x",)), Answer("x")) is None
    assert LongBench().score(asked("hotpotqa"), Answer("x")) is None
