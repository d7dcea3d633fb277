"""LongProc: long answers that follow a procedure: tables out of pages, routes, and traces of belief."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.beside import text_beside
from lcrag.benchmarks.load import load
from lcrag.benchmarks.records import stamp
from lcrag.benchmarks.rows import Row
from lcrag.components.yaml_file import read_yaml
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Task

_MARK = "\ue000"  # stands for the text while the authors' prompt is filled in
MAX_TOKENS = 9216  # ours: the longest outputs have 8k tokens
INSTRUCTIONS = {
    "html_to_tsv": "Extract the properties of the items listed on the webpage, one row for each, separated by "
    "tabs, in a code block that begins with ```tsv.",
    "path_traversal": "Mark the route with <Route> and </Route>. Each line is one step of the form `From CITY, take a "
    "METHOD to CITY.`",
    "tom_tracking": "Track the story step by step. For each step write a line `- Step N: (what changed) {agent "
    "location; object location; whether the agent sees the object; the agent's belief}`, then the final answer.",
}


def items(row: Row) -> Iterator[Item]:
    """One procedure; the prompt stands in ``prompts.yaml`` beside its file."""
    task = next((name for name in INSTRUCTIONS if row.path.name.startswith(name)), "")
    size = row.path.name[len(task) + 1 :].removesuffix(".json")  # 0.5k, 2k, 8k
    if task == "html_to_tsv":
        yield _table(row, size)
    elif task == "path_traversal":
        start, end = row.texts("question_repr")[:2]
        yield _item(
            row,
            task,
            size,
            f"Find the route from {start} to {end}.",
            row.text("context_nl"),
            row.text("answer_nl"),
            "city_context",
            {"src_city": start, "dst_city": end},
        )
    elif task == "tom_tracking":
        question = row.text("question")
        yield _item(
            row,
            task,
            size,
            question,
            row.text("story"),
            row.text("solution"),
            "story",
            {"question": question},
        )
    else:
        raise row.wrong("solution", f"in a file named after one of {', '.join(INSTRUCTIONS)}")


def _table(row: Row, size: str) -> Item:
    keys = ("task_topic", "task_description", "tsv_header", "filtering_instruction")
    fields = {key: row.text(key, "") for key in keys}
    question = f"{row.text('task_description')}\n{fields['filtering_instruction']}".strip()
    page = _page(row)
    header = f"The first row is:\n{row.text('tsv_header')}"
    return _item(row, "html_to_tsv", size, f"{question}\n{header}", page, row.text("gt"), "html_str", fields)


def _item(
    row: Row, task: str, size: str, question: str, text: str, gold: str, place: str, fields: dict[str, str]
) -> Item:
    """The question with the authors' prompt, in which ``place`` is where the text goes."""
    file = row.path.with_name("prompts.yaml")
    prompt = _prompt(file, stamp(file))
    try:
        template = prompt.format(**fields, **{place: _MARK}).replace(_MARK, "{context}")
    except (KeyError, IndexError, ValueError) as error:
        raise LcragError(
            f"{file}: USER_PROMPT has a field that records of {task} do not ({error})."
        ) from error
    return Item(question, text, task, (gold,), metadata={"output": size}, template=template)


@lru_cache(maxsize=3)
def _prompt(file: Path, _: tuple[int, int]) -> str:
    """The authors' prompt; empty where the file is not there."""
    if not file.is_file():
        return ""
    content = read_yaml(file)
    prompt = content.get("USER_PROMPT") if isinstance(content, dict) else None
    if not isinstance(prompt, str):
        raise LcragError(f"{file}: the key 'USER_PROMPT' with a text is expected.")
    return prompt


def _page(row: Row) -> str:
    """The web page of a record, whose path is relative to the folder of the repository."""
    path = Path(row.text("html_path"))
    if path.is_absolute() or ".." in path.parts:
        raise row.wrong("html_path", "a path below the folder of the data")
    texts = (text_beside(folder / path, row.where) for folder in row.path.resolve().parents[:4])
    text = next((text for text in texts if text is not None), None)
    if text is None:
        raise row.wrong("html_path", "a page that lies beside the file or in a folder above it")
    return text


BENCHMARK = Benchmark(
    name="longproc",
    title="LongProc",
    paper="Ye et al. 2025, arXiv 2501.05414",
    licence="Apache-2.0; the pages' own licences",
    source="github.com/princeton-pli/LongProc",
    files=tuple(f"**/{task}_*.json" for task in INSTRUCTIONS),
    tasks={
        name: Task(
            name,
            instruction=instruction,
            max_tokens=MAX_TOKENS,
            metric="longproc",
            average=("task", "output"),
        )
        for name, instruction in INSTRUCTIONS.items()
    },
    items=items,
    note="Three of the six tasks: `countdown`, `pseudo_to_code` and `travel_planning` need a solver or run code. The "
    "official prompt is read from `prompts.yaml` beside the files. A table's rows are compared in any order; a "
    "route or a trace is right as a whole (`partial` in `longproc` counts up to the first mistake). Keys, "
    "prompts and scorers are the authors'; not tried on the authors' files.",
)


def load_longproc(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongProc (Ye et al. 2025, arXiv 2501.05414): three of its tasks.

    Args:
        path: The authors' folder ``data``, with ``prompts.yaml`` beside the files of a task.
        tasks: ``html_to_tsv``, ``path_traversal``, ``tom_tracking``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
