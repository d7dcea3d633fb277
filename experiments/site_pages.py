"""Pages of the documentation site that are made from the code: run by mkdocs (mkdocs-gen-files) in ``make docs``.

A page for each strategy, router, reader, data set, metric, retriever, chunker and embedder, an index of each kind, the
notebooks, the changelog, the API reference by room, and the navigation. Guides that are not named here come last.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lcrag
from lcrag.benchmarks.catalogue import benchmarks
from lcrag.components.build import hints_of
from lcrag.components.catalogue import summary
from lcrag.components.find import find, names
from lcrag.components.kinds import KINDS

ROOT = Path(__file__).parents[1]
SHOWN = ("strategy", "router", "reader", "dataset", "metric", "retriever", "chunker", "embedder")
GUIDES = {
    "Start": ("quickstart", "documents", "concepts", "demo", "cli"),
    "How to": ("howto", "scale", "mlflow", "kv", "application", "feedback", "extending", "retrieval", "budget",
               "judges", "ragas", "published"),
    "Reference": ("strategies", "routing", "datasets", "metrics", "cost", "outcomes"),
    "Results": ("benchmark_results", "benchmarks", "performance", "judge_check"),
    "Trust": ("trust", "reliability", "security", "limits", "architecture"),
}  # fmt: skip


def component_page(kind: str, name: str) -> str:
    """A component: how YAML names it, what it takes, and its docstring."""
    target = find(kind, name)
    card = getattr(target, "card", None)
    parts = [f"# {name}"]
    if card is not None:
        facts = [("calls", card.calls), ("prompt tokens", card.tokens), ("read once per document", card.build),
                 ("take it when", card.use), ("measured", card.case), ("source", card.paper)]  # fmt: skip
        parts.append(
            "\n".join(["| property | value |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in facts if v)])
        )
    if kind == "dataset" and (benchmark := benchmarks().get(name)) is not None:
        facts = [("paper", benchmark.paper), ("licence", benchmark.licence), ("from", benchmark.source),
                 ("tasks", ", ".join(benchmark.tasks)), ("note", benchmark.note)]  # fmt: skip
        parts.append(
            "\n".join(["| property | value |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in facts if v)])
        )
    key = {"dataset": "dataset", "reader": "reader", "retriever": "retriever", "embedder": "embedder"}.get(
        kind
    )
    settings = list(required(target))
    spec = f"{{type: {name}{''.join(f', {s}: ...' for s in settings)}}}" if settings else name
    shown = f"{key}: {spec}" if key else f"{KINDS[kind].plural.replace(' ', '_')}: [{spec}]"
    if kind != "chunker":
        parts += ["In YAML:", f"```yaml\n{shown}\n```"]
    parts.append(f"::: {target.__module__}.{target.__qualname__}")
    return "\n\n".join(parts) + "\n"


def required(target: Any) -> list[str]:
    """The settings without a default."""
    parameters = {k: p for k, p in inspect.signature(target).parameters.items() if k[0] != "_"}
    hints_of(target, parameters)
    return [k for k, p in parameters.items() if p.default is inspect.Parameter.empty]


def kind_page(kind: str) -> str:
    """A table of all components of a kind, each with its page."""
    rows = [
        f"| [{name}]({kind}/{name}.md) | {summary(find(kind, name)).replace('|', '/')} |"
        for name in names(kind)
    ]
    title = KINDS[kind].plural.capitalize()
    head = f"# {title}\n\nMade from the code: `lcrag components {kind}` lists the same."
    return "\n".join([head, "", "| name | what it is |", "| --- | --- |", *rows, ""])


def notebook_page(path: Path) -> str:
    """A notebook as a page; its cells are run by a test."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    parts = ["".join(c["source"]) if c["cell_type"] == "markdown" else f"```python\n{''.join(c['source'])}\n```"
             for c in cells]  # fmt: skip
    return "\n\n".join([*parts, f"*The notebook: `notebooks/{path.name}` in the repository.*"]) + "\n"


def reference_pages() -> dict[str, str]:
    """The public names of lcrag by the room that they live in."""
    rooms: dict[str, list[str]] = {}
    for name in sorted(lcrag.__all__):
        thing = getattr(lcrag, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            room = ".".join(thing.__module__.split(".")[: 2 if thing.__module__.startswith("lcrag.") else 1])
            rooms.setdefault(room, []).append(f"## {name}\n\n::: {thing.__module__}.{thing.__qualname__}")
    return {
        room: f"# {room}\n\nWhat `lcrag` exports from this room.\n\n" + "\n\n".join(parts) + "\n"
        for room, parts in sorted(rooms.items())
    }


def pages() -> dict[str, Callable[[], str]]:
    """What makes each page, by its path in the site."""
    made: dict[str, Callable[[], str]] = {}
    for kind in SHOWN:
        made[f"components/{kind}.md"] = partial(kind_page, kind)
        for name in names(kind):
            made[f"components/{kind}/{name}.md"] = partial(component_page, kind, name)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        made[f"notebooks/{path.stem}.md"] = partial(notebook_page, path)
    for room, text in reference_pages().items():
        made[f"reference/{room}.md"] = partial(str, text)
    for name in ("CHANGELOG.md", "SECURITY.md"):
        text = (ROOT / name).read_text("utf-8")
        made[name] = partial(re.sub, r"\]\(docs/", "](", text)
    made["SUMMARY.md"] = partial(navigation, list(made))
    return made


def navigation(generated: list[str]) -> str:
    """The site's navigation: guides that exist, and then what is generated."""
    lines = ["- [Home](index.md)"]
    guides = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    for section, members in GUIDES.items():
        present = [m for m in members if m in guides]
        guides -= set(present)
        lines += [f"- {section}", *(f"    - [{title(m)}]({m}.md)" for m in present)]
        if section == "Start":
            notebooks = [p for p in generated if p.startswith("notebooks/")]
            lines += [f"    - [Notebook: {title(Path(p).stem)}]({p})" for p in notebooks]
    lines += ["- Components", *(f"    - [{KINDS[k].plural.capitalize()}](components/{k}.md)" for k in SHOWN)]
    lines += ["- API", *(f"    - [{Path(p).stem}]({p})" for p in generated if p.startswith("reference/"))]
    lines += ["- More", *(f"    - [{title(m)}]({m}.md)" for m in sorted(guides))]
    return "\n".join([*lines, "    - [Changelog](CHANGELOG.md)", "    - [Security policy](SECURITY.md)", ""])


def title(stem: str) -> str:
    """The heading of a guide, else its file's name in words."""
    path = ROOT / "docs" / f"{stem}.md"
    first = path.read_text("utf-8").partition("\n")[0] if path.exists() else ""
    return first.removeprefix("# ") if first.startswith("# ") else stem.replace("_", " ").capitalize()


def write() -> None:
    """Hand every page to mkdocs."""
    import mkdocs_gen_files

    for path, make in pages().items():
        with mkdocs_gen_files.open(path, "w") as file:
            file.write(make())


if __name__ in ("__main__", "<run_path>"):
    write()
