"""``lcrag data``: the benchmarks, whether their files are right, and one question as each strategy asks it."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal

import typer

from lcrag.commands.examples import examples
from lcrag.commands.output import AsJson, printing, say, terminal_width
from lcrag.errors import LcragError
from lcrag.tables import many, paragraph, ruled, wrapped

NARROW = (
    "licence",
    "tried on",
    "published",
    "metric",
    "tasks",
)  # columns that a narrow terminal has no room for
app = typer.Typer(no_args_is_help=True, help="The field's benchmarks: list, check and show them.")
Tasks = Annotated[list[str] | None, typer.Option("--task", help="A task; may be given several times.")]
Prompt = Annotated[Literal["lcrag", "official"], typer.Option(help="Whose words the question is asked in.")]


@app.command("list", epilog=examples("data list"))
def list_benchmarks(
    folder: Annotated[
        Path | None, typer.Option(help="Folder that holds benchmarks; default: $LCRAG_DATA.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List all benchmarks: licence, questions, metrics, published figures, and whether the files are on this disk."""
    from lcrag.benchmarks.catalogue import benchmarks
    from lcrag.components import find, names

    folder = folder or Path(os.environ.get("LCRAG_DATA", "."))
    rows = [["name", "licence", "tasks", "metric", "published", "on this disk", "tried on"]]
    for name, b in benchmarks().items():
        metrics = sorted({t.metric for t in b.tasks.values()})
        place = _place(folder, b.name, b.title)
        rows.append(
            [
                name,
                b.licence,
                str(len(b.tasks)),
                ", ".join(metrics),
                str(len(b.published) or "-"),
                place or "-",
                b.status,
            ]
        )
    lines = (
        ["\t".join(row) for row in rows]
        if terminal_width() is None
        else ruled(rows, len(rows[0]), drop=NARROW)
    )
    generated = [n for n in names("dataset") if find("dataset", n).__module__.startswith("lcrag.generators")]
    notes = [
        f"Generated, without any file: {', '.join(generated) or 'none'}.",
        "`lcrag data show NAME` says where to get one.",
    ]
    with printing(as_json) as result:
        say("\n".join([*lines, *wrapped(notes)]))
        heads = [head.replace(" ", "_") for head in rows[0]]
        result(
            {"benchmarks": [dict(zip(heads, row, strict=True)) for row in rows[1:]], "generated": generated}
        )


@app.command(epilog=examples("data check"))
def check(
    name: Annotated[str, typer.Argument(metavar="BENCHMARK", help="A benchmark.")],
    path: Annotated[Path, typer.Argument(help="Folder with its files.")],
    as_json: AsJson = False,
) -> None:
    """Read a benchmark's files and compare counts and digests with what its authors have."""
    from lcrag.benchmarks.catalogue import benchmark_named
    from lcrag.benchmarks.check import check as check_files

    benchmark = benchmark_named(name)
    found = check_files(benchmark, path)
    total = sum(found.counts.values())
    lines = [f"{benchmark.title}: {many(total, 'question')} on {many(found.documents, 'document')}."]
    lines += [f"  {task}: {count}" for task, count in found.counts.items()]
    if not found.compared:
        lines.append("There is nothing to compare with: neither counts nor digests are known.")
    elif not found.differences:
        lines.append("As the authors have it.")
    with printing(as_json) as result:
        say("\n".join([*lines, *wrapped([*found.notices, *found.differences])]))
        result({"name": name, **{f.name: getattr(found, f.name) for f in fields(found)}})
    if found.differences:
        raise typer.Exit(1)


@app.command(epilog=examples("data show"))
def show(
    name: Annotated[str, typer.Argument(metavar="BENCHMARK", help="A benchmark or a generator.")],
    path: Annotated[Path | None, typer.Argument(help="Folder with its files.")] = None,
    task: Tasks = None,
    question: Annotated[str, typer.Option(help="The id of a question; default: the first.")] = "",
    prompt: Prompt = "lcrag",
    strategy: Annotated[list[str] | None, typer.Option(help="Strategies; default: two.")] = None,
) -> None:
    """Show what a benchmark is, and one question of it as each strategy asks it."""
    from lcrag.benchmarks.catalogue import benchmarks
    from lcrag.components import build, find
    from lcrag.experiment.preview import preview

    known = benchmarks().get(name)
    if known is not None:
        tasks = ", ".join(known.tasks)
        say(paragraph(f"{known.title} ({known.paper}). Licence: {known.licence}. From {known.source}."))
        say("\n".join(wrapped([f"Tasks: {tasks}.", *([known.note] if known.note else [])])) + "\n")
        if path is None:
            return
    elif path is not None:
        raise LcragError(f"{name} is generated and reads no folder: leave the path out.")
    find("dataset", name)
    settings = {"path": str(path), "prompt": prompt, "limit": 1 if not question else None} if known else {}
    dataset = build("dataset", {"type": name, **settings, **({"tasks": task} if task else {})}, name)
    chosen = (
        next((q for q in dataset.questions if q.id == question), None) if question else dataset.questions[0]
    )
    if chosen is None:
        raise LcragError(f"{name} has no question {question!r}; the first is {dataset.questions[0].id!r}.")
    names = strategy or ["long_context", "chunked_retrieval"]
    say(preview(dataset, chosen, [build("strategy", s, "--strategy") for s in names]))


def _place(folder: Path, *names: str) -> str:
    """The folder of a benchmark below ``folder``, whatever the case and the punctuation of its name."""
    wanted = {_plain(n) for n in names}
    if not folder.is_dir():
        return ""
    return next((p.name for p in sorted(folder.iterdir()) if p.is_dir() and _plain(p.name) in wanted), "")


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
