# ruff: noqa: E501, RUF001 - the authors' prompts to the letter, Chinese punctuation among it
"""LongBench: questions, summaries, examples to learn from, counting and code, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

UNANSWERABLE = "unanswerable"  # the gold answer of Qasper's questions that the article does not answer
_MULTI = "Answer the question based on the given passages. Only give me the answer and do not output any other words."
_QASPER = 'nswer the question based on the above article as concisely as you can, using a single phrase or sentence if possible. If the question cannot be answered based on the information in the article, write "unanswerable". If the question is a yes/no question, answer "yes", "no", or "unanswerable". Do not provide any explanation.'
_STORY = "Answer the question asconcisely as you can, using a single phrase if possible. Do not provide any explanation."
_PASSAGES = f"{_MULTI}\n\nThe following are given passages.\n{{context}}\n\n{_MULTI}\n\nQuestion: {{question}}\nAnswer:"
_ONLY = "Answer the question based on the given passage. Only give me the answer and do not output any other words."

CATEGORIES = {
    "single-document QA": ("narrativeqa", "qasper", "multifieldqa_en", "multifieldqa_zh"),
    "multi-document QA": ("hotpotqa", "2wikimqa", "musique", "dureader"),
    "summarization": ("gov_report", "qmsum", "multi_news", "vcsum"),
    "few-shot learning": ("trec", "triviaqa", "samsum", "lsht"),
    "synthetic": ("passage_count", "passage_retrieval_en", "passage_retrieval_zh"),
    "code": ("lcc", "repobench-p"),
}
_CATEGORY = {task: category for category, tasks in CATEGORIES.items() for task in tasks}
CHINESE = ("multifieldqa_zh", "dureader", "vcsum", "lsht", "passage_retrieval_zh")


def _task(name: str, max_tokens: int, instruction: str, template: str) -> Task:
    first_line = name in ("trec", "triviaqa", "samsum", "lsht")
    return Task(
        name,
        instruction,
        max_tokens,
        allow_decline=name == "qasper",
        template=template,
        stop=("\n",) if name == "samsum" else (),
        cleaning=("first_line",) if first_line else (),
        metric="longbench",
        average=("category", "task"),
    )


TASKS = [
    _task("narrativeqa", 128, _STORY, f"You are given a story, which can be either a novel or a movie script, and a question. {_STORY}\n\nStory: {{context}}\n\nNow, answer the question based on the story asconcisely as you can, using a single phrase if possible. Do not provide any explanation.\n\nQuestion: {{question}}\n\nAnswer:"),
    _task("qasper", 128, f"A{_QASPER}", f"You are given a scientific article and a question. A{_QASPER.replace(' based on the above article', '', 1)}\n\nArticle: {{context}}\n\n A{_QASPER}\n\nQuestion: {{question}}\n\nAnswer:"),
    _task("multifieldqa_en", 64, "Only give me the answer and do not output any other words.", "Read the following text and answer briefly.\n\n{context}\n\nNow, answer the following question based on the above text, only give me the answer and do not output any other words.\n\nQuestion: {question}\nAnswer:"),
    _task("multifieldqa_zh", 64, "只告诉我答案，不要输出任何其他字词。", "阅读以下文字并用中文简短回答：\n\n{context}\n\n现在请基于上面的文章回答下面的问题，只告诉我答案，不要输出任何其他字词。\n\n问题：{question}\n回答："),
    _task("hotpotqa", 32, _MULTI, _PASSAGES),
    _task("2wikimqa", 32, _MULTI, _PASSAGES),
    _task("musique", 32, _MULTI, _PASSAGES),
    _task("dureader", 128, "请基于给定的文章回答下述问题。", "请基于给定的文章回答下述问题。\n\n文章：{context}\n\n请基于上述文章回答下面的问题。\n\n问题：{question}\n回答："),
    _task("gov_report", 512, "Write a one-page summary of the report.", "You are given a report by a government agency. Write a one-page summary of the report.\n\nReport:\n{context}\n\nNow, write a one-page summary of the report.\n\nSummary:"),
    _task("qmsum", 512, "Answer the query in one or more sentences.", "You are given a meeting transcript and a query containing a question or instruction. Answer the query in one or more sentences.\n\nTranscript:\n{context}\n\nNow, answer the query based on the above meeting transcript in one or more sentences.\n\nQuery: {question}\nAnswer:"),
    _task("multi_news", 512, "Write a one-page summary of all the news.", "You are given several news passages. Write a one-page summary of all news. \n\nNews:\n{context}\n\nNow, write a one-page summary of all the news.\n\nSummary:"),
    _task("vcsum", 512, "写一段总结，总结会议的内容。", "下面有一段会议记录，请你阅读后，写一段总结，总结会议的内容。\n会议记录：\n{context}\n\n会议总结："),
    _task("trec", 64, "Determine the type of the question.", "Please determine the type of the question below. Here are some examples of questions.\n\n{context}\n{question}"),
    _task("triviaqa", 32, _ONLY, f"{_ONLY} The following are some examples.\n\n{{context}}\n\n{{question}}"),
    _task("samsum", 128, "Summarize the dialogue into a few short sentences.", "Summarize the dialogue into a few short sentences. The following are some examples.\n\n{context}\n\n{question}"),
    _task("lsht", 64, "请判断给定新闻的类别。", "请判断给定新闻的类别，下面是一些例子。\n\n{context}\n{question}"),
    _task("passage_count", 32, "Enter the final count of unique paragraphs after removing duplicates. The output format should only contain the number, such as 1, 2, 3, and so on.", "There are some paragraphs below sourced from Wikipedia. Some of them may be duplicates. Please carefully read these paragraphs and determine how many unique paragraphs there are after removing duplicates. In other words, how many non-repeating paragraphs are there in total?\n\n{context}\n\nPlease enter the final count of unique paragraphs after removing duplicates. The output format should only contain the number, such as 1, 2, 3, and so on.\n\nThe final answer is: "),
    _task("passage_retrieval_en", 32, 'Enter the number of the paragraph that the abstract is from. The answer format must be like "Paragraph 1", "Paragraph 2", etc.', 'Here are 30 paragraphs from Wikipedia, along with an abstract. Please determine which paragraph the abstract is from.\n\n{context}\n\nThe following is an abstract.\n\n{question}\n\nPlease enter the number of the paragraph that the abstract is from. The answer format must be like "Paragraph 1", "Paragraph 2", etc.\n\nThe answer is: '),
    _task("passage_retrieval_zh", 32, '请输入摘要所属段落的编号。答案格式必须是"段落1"，"段落2"等格式', '以下是若干段落文字，以及其中一个段落的摘要。请确定给定的摘要出自哪一段。\n\n{context}\n\n下面是一个摘要\n\n{question}\n\n请输入摘要所属段落的编号。答案格式必须是"段落1"，"段落2"等格式\n\n答案是：'),
    _task("lcc", 64, "Write the next line of code.", "Please complete the code given below. \n{context}Next line of code:\n"),
    _task("repobench-p", 64, "Write the next line of code.", "Please complete the code given below. \n{context}{question}Next line of code:\n"),
]  # fmt: skip


def items(row: Row) -> Iterator[Item]:
    """One question; a task without one asks by its instruction."""
    name = row.text("dataset", row.file).removesuffix("_e")
    task = next((t for t in TASKS if t.name == name), None)
    if task is None:
        raise row.wrong("dataset", "the name of one of LongBench's tasks")
    answers = row.texts("answers")
    yield Item(
        row.text("input", "") or task.instruction,
        row.text("context"),
        name,
        answers,
        row.text("_id", ""),
        answerable=name != "qasper" or {a.lower() for a in answers} != {UNANSWERABLE},
        metadata={
            "category": _CATEGORY[name],
            "language": row.text("language", "zh" if name in CHINESE else "en"),
            "length": row.integer("length", 0),
            "classes": row.texts("all_classes"),
        },
    )


NOTE = (
    "Texts too long for a model are cut in the middle, half and half, as the authors do it; the word asconcisely is in their "
    "prompt for NarrativeQA. Chinese tasks are scored by characters unless jieba is installed and asked for, so that their "
    "figures are not the authors'. The published average is that of the six categories, English or Chinese tasks alone. "
    "No answer is cut out of the reply but for its first line in four tasks, so that long answers lose F1."
)
BENCHMARK = Benchmark(
    name="longbench",
    title="LongBench",
    paper="Bai et al. 2023, arXiv 2308.14508",
    licence="MIT on the repository; the sources have their own",
    source="THUDM/LongBench on the Hugging Face hub: unpack data.zip",
    files=("**/*[!e].jsonl", "**/*[!_]e.jsonl"),  # without LongBench-E, whose names end with _e
    tasks={task.name: task for task in TASKS},
    items=items,
    counts={
        task.name: {"multifieldqa_en": 150, "lcc": 500, "repobench-p": 500}.get(task.name, 200)
        for task in TASKS
    },
    note=NOTE,
)


def load_longbench(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongBench (Bai et al. 2023, arXiv 2308.14508), 21 tasks.

    Args:
        path: The folder with the authors' files.
        tasks: Such as ``hotpotqa``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
