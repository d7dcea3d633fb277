# ruff: noqa: E501, RUF001 - the authors' prompts to the letter, Chinese punctuation among it
"""LV-Eval: the same questions on texts of five lengths, with confusing facts and replaced names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

_BRIEF = "Only give me the answer and do not output any other explanation and evidence."
_SEVERAL = f"Questions and answers are only relevant to some passages. {_BRIEF}"
_ONE = f"Questions and answers are only relevant to one passage. {_BRIEF}"
_SINGLE = f"Please answer the following question based on the given passages. {_ONE}\n\nArticle: {{context}}\n\nPlease answer the following question based on the above passages. {_ONE}\n\nQuestion: {{question}}\nAnswer:"
_ZH = "请根据下面给定的文章回答问题，问题和答案只与其中一篇文章有关。"
_ZH_BRIEF = "只需要直接给出问题的答案，不要输出其他任何解释和证据。"
_ZH_AGAIN = "基于上述文章回答下面的问题，问题和答案只与其中一篇文章有关。\n\n问题：{question}\n回答："


def _task(name: str, instruction: str, template: str, max_tokens: int = 64) -> Task:
    average = ("length", "task")
    return Task(name, instruction, max_tokens, template=template, metric="lveval", average=average)


TASKS = [
    _task("hotpotwikiqa_mixup", _SEVERAL, f"Answer the question based on the given passages. {_SEVERAL}\n\nArticle: {{context}}\n\nPlease answer the following question based on the above passages. {_SEVERAL}\n\nQuestion: {{question}}\nAnswer:"),
    _task("loogle_SD_mixup", _ONE, _SINGLE),
    _task("loogle_CR_mixup", _ONE, _SINGLE),
    _task("loogle_MIR_mixup", _ONE, _SINGLE),
    _task("multifieldqa_en_mixup", _ONE, _SINGLE),
    _task("multifieldqa_zh_mixup", _ZH_BRIEF, f"请阅读以下文章并用中文回答问题，问题和答案只与其中一篇文章有关。{_ZH_BRIEF}\n\n文章：{{context}}\n\n请基于上面的文章回答下面的问题，问题和答案只与其中一篇文章有关。{_ZH_BRIEF}\n\n问题：{{question}}\n回答："),
    _task("factrecall_en", "Answer based on the given article.", "Please answer the following questions based on the given article.\n\nArticle: {context}\n\nPlease answer the following questions based on the above article.\n\nQuestion: {question}\nAnswer:", 16),
    _task("factrecall_zh", "请基于给定的文章回答下述问题。", "请基于给定的文章回答下述问题。\n\n文章：{context}\n\n现在请基于上述文章回答下面的问题。\n\n问题：{question}\n回答：", 16),
    _task("cmrc_mixup", _ZH, f"{_ZH}\n\n文章：{{context}}\n\n现在请{_ZH_AGAIN}"),
    _task("lic_mixup", _ZH, f"{_ZH}\n\n文章：{{context}}\n\n请现在{_ZH_AGAIN}"),
    _task("dureader_mixup", _ZH, f"{_ZH}\n\n文章：{{context}}\n\n现在请{_ZH_AGAIN}"),
]  # fmt: skip
CHINESE = ("multifieldqa_zh_mixup", "factrecall_zh", "cmrc_mixup", "lic_mixup", "dureader_mixup")


def items(row: Row) -> Iterator[Item]:
    """One question; the file's name has the task and the length."""
    named = re.fullmatch(r"(\w+)_(\d+k)", row.file)
    task, length = named.groups() if named else (row.text("dataset"), "")
    yield Item(
        row.text("input"),
        row.text("context"),
        task,
        row.texts("answers"),
        metadata={
            "length": length,
            "language": "zh" if task in CHINESE else "en",
            "answer_keywords": row.text("answer_keywords", ""),
        },
    )


BENCHMARK = Benchmark(
    name="lveval",
    title="LV-Eval",
    paper="Yuan et al. 2024, arXiv 2402.05136",
    licence="MIT; the sources have their own",
    source="Infinigence/LVEval on the Hugging Face hub: unpack the zip of each task",
    files=("**/*_16k.jsonl", "**/*_32k.jsonl", "**/*_64k.jsonl", "**/*_128k.jsonl", "**/*_256k.jsonl"),
    tasks={task.name: task for task in TASKS},
    items=items,
    counts={
        "hotpotwikiqa_mixup": 620,
        "loogle_SD_mixup": 800,
        "loogle_CR_mixup": 495,
        "loogle_MIR_mixup": 695,
        "multifieldqa_en_mixup": 505,
        "multifieldqa_zh_mixup": 665,
        "factrecall_en": 1000,
        "factrecall_zh": 1000,
        "cmrc_mixup": 1000,
        "lic_mixup": 985,
        "dureader_mixup": 880,
    },
    note="Lengths are words in English and characters in Chinese; five lengths of a task make its count. Texts too long for a model are cut in the middle. Chinese is scored by characters unless jieba is installed and asked for, so that its figures are not the authors'. The paper speaks of removing ignored words before F1; the authors' code ignores them for keywords only.",
)


def load_lveval(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LV-Eval (Yuan et al. 2024, arXiv 2402.05136), 11 tasks at five lengths.

    Args:
        path: The folder with the authors' files, or one of them.
        tasks: Such as ``hotpotwikiqa_mixup``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
