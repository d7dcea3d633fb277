"""L-Eval: exams with closed answers, open questions and summaries on long documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt, Published
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

_READ = "Now you are given a very long document. Please follow the instruction "
_LETTER = "Please only provide the letter corresponding to the answer (like A or B) when answering."
_LETTERS = "Please only provide the letter corresponding to the answer (like A or AB) when answering."
_EXAM = (
    "Document is as follows. {context} Question: {question} \n"
    "Please directly give answer without any additional output or explanation\n Answer: "
)
_PLAIN = "{context}\n\n{question}"
CLOSED = {
    "coursera": (
        _LETTERS,
        f"{_READ}based on this document. For multi-choice questions, there could be a sinlge correct option or "
        f"multiple correct options. {_LETTERS} ",
        _EXAM,
    ),
    "quality": (
        _LETTER,
        _QUALITY
        := f"{_READ}based on this document. For multi-choice questions, there is only a sinlge correct option. "
        f"{_LETTER} For other questions, please directly give the concise and accurate answer. ",
        _EXAM,
    ),
    "tpo": (_LETTER, _QUALITY, _EXAM),
    "topic_retrieval_longchat": (
        "Give the name of the topic.",
        "Below is a record of our previous conversation on many different topics. You are the ASSISTANT, and I am the "
        "USER. At the beginning of each topic, the USER will say 'I would like to discuss the topic of <TOPIC>'. "
        "Memorize each <TOPIC>. At the end of the record, I will ask you to retrieve the first/second/third topic "
        "names. Now the record start. ",
        _EXAM,
    ),
    "gsm100": (
        "Make sure the response is end with The answer is _ .",
        "Given several question answer pairs, you need to follow a similar format to answer the last question. Make "
        "sure the response is end with The answer is _ . ",
        _PLAIN,
    ),
    "codeU": (
        "Carefully read these codes and comments and answer the question.",
        "Now you are given a code base consisting of a large amount of functions and the corresponding comments. In "
        "the end, I will call some functions defined in the code base. Please carefully read these codes and comments "
        "and answer the question.",
        _PLAIN,
    ),
    "sci_fi": (
        'The answer should be "True" or "False".',
        'Now you are given a scientific fiction. I will ask you some questions and the answer should be "True" or '
        '"False". Notice that you should answer the question based on the evidence in the document instead of your '
        "background knowledge.",
        _EXAM,
    ),
}
OPEN = (
    "financial_qa",
    "gov_report_summ",
    "legal_contract_qa",
    "meeting_summ",
    "multidoc_qa",
    "narrative_qa",
    "natural_question",
    "news_summ",
    "paper_assistant",
    "patent_summ",
    "review_summ",
    "scientific_qa",
    "tv_show_summ",
)
_OPEN_SYSTEM = (
    f"{_READ}after this document. These instructions may include summarizing a document, answering questions based on "
    "the document, or writing a required paragraph. "
)


def _task(name: str, instruction: str, system: str, template: str) -> Task:
    return Task(
        name,
        instruction,
        max_tokens=512,
        template=template,
        system=system,
        metric="leval",
        average=("group", "task"),
    )


_INSTRUCTION = "Document is as follows. {context} Instruction: {question} Output: "
TASKS = {name: _task(name, *words) for name, words in CLOSED.items()} | {
    name: _task(name, "Follow the instruction.", _OPEN_SYSTEM, _INSTRUCTION) for name in OPEN
}


def items(row: Row) -> Iterator[Item]:
    """The instructions on one document that are scored without a judge."""
    evaluation = row.text("evaluation")
    if evaluation not in ("exam", "f1", "rouge"):
        return
    instructions, outputs = row.texts("instructions"), row.texts("outputs")
    if len(instructions) != len(outputs):
        raise row.wrong("outputs", f"a list of {len(instructions)} answers, one for each instruction")
    closed = row.file in CLOSED
    for instruction, output in zip(instructions, outputs, strict=True):
        length = f"The suggested output length is around {len(output.split())} words."
        yield Item(
            instruction if closed else f"{instruction} {length}",
            row.text("input"),
            row.file,
            (output,),
            metadata={"evaluation": evaluation, "group": "closed" if closed else "open"},
        )


_FIGURE = "An et al. 2023, arXiv 2307.11088, figure overall, closed-ended tasks"
BENCHMARK = Benchmark(
    name="leval",
    title="L-Eval",
    paper="An et al. 2023, arXiv 2307.11088",
    licence="GPL-3.0 on the repository; the texts have their own",
    source="github.com/OpenLMLab/LEval (LEval-data), L4NLP/LEval on the Hugging Face hub",
    files=("*.jsonl", "*/*.jsonl", "LEval-data/*/*.jsonl"),
    tasks=TASKS,
    items=items,
    published=tuple(
        Published(system, {"overall": score}, _FIGURE)
        for system, score in (
            ("GPT-4-32k, long context", 73.11),
            ("Claude-1.3-100k, long context", 65.97),
            ("GPT-3.5-Turbo-16k, long context", 60.73),
            ("GPT-3.5-Turbo-4k, retrieval by ada embeddings", 49.73),
            ("GPT-3.5-Turbo-4k, retrieval by BM25", 49.65),
        )
    ),
    note="Open questions and summaries tell how many words the gold answer has, as the authors do. Rows for judges "
    "(LLM, "
    "human) are left out. In sci_fi the authors ask a second time for the real world's fact; here the first answer "
    "alone counts. Multiple choice has its options in the question's text. Published averages are of closed-ended "
    "tasks, codeU and sci_fi as far as the authors had them then.",
)


def load_leval(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """L-Eval (An et al. 2023, arXiv 2307.11088), 20 tasks.

    Args:
        path: The folder with the authors' files; a file's name is its task.
        tasks: Such as ``coursera``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
