"""Write docs/cli.md, the reference of the command line, from the commands themselves: ``make tables``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from lcrag.cli import app
from lcrag.commands.examples import EXAMPLES

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
HEAD = """# Command line

<!-- Written by experiments/cli_page.py from the commands (make tables). -->

`lcrag COMMAND --help` says what a command takes, with examples. `lcrag --install-completion` makes the shell complete
commands and options; `lcrag --show-completion` prints what it would install.

## Output

Results go to stdout; progress and errors go to stderr. With `--json` stdout has one JSON document and nothing else,
with every digit and `null` for what is not known, and the text goes to stderr:

```sh
lcrag report runs/demo --json 2>/dev/null | jq .verdict
```

On a terminal a table leaves out columns that have no room and names them below it; in a pipe or a file it has all of
them. `COLUMNS=200` sets a width. `NO_COLOR=1` turns colours off. The progress bar shows how many answers are done and
the time that is left; without a terminal it is a line every five seconds.

## Exit codes

| code | meaning |
| ---: | --- |
| 0 | Done. |
| 1 | Failed: one sentence on stderr says what, and what to do. So do failed answers, a file that cannot be \
written, and a difference that `lcrag data check` finds. What was finished is kept. |
| 2 | Wrong usage: an unknown command or option, or a missing argument. |
| 130 | Stopped by Ctrl-C; the same command goes on from there. |
| 143 | Stopped by SIGTERM; the same command goes on from there. |

`lcrag ui` exits with MLflow's own code.
"""


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with its name, such as ``data list``."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def section(name: str, command: Any) -> str:
    """A command: what it does, its arguments and options, examples."""
    context = command.make_context(name, [], resilient_parsing=True)
    parameters = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    arguments = {p.name: p.metavar or p.name.upper() for p in parameters if p.param_type_name == "argument"}
    records = [(p, p.get_help_record(context)) for p in parameters]
    rows = [(arguments.get(p.name) or cell(record[0]), cell(record[1])) for p, record in records]
    parts = [
        f"## lcrag {name}",
        cell(command.help or ""),
        f"`{' '.join(['lcrag', name, *arguments.values(), '[OPTIONS]'])}`",
    ]
    if rows:
        parts.append(
            "\n".join(
                [
                    "| argument or option | what it is |",
                    "| --- | --- |",
                    *(f"| `{a}` | {b} |" for a, b in rows),
                ]
            )
        )
    if name in EXAMPLES:
        parts.append("\n".join(["```sh", *EXAMPLES[name], "```"]))
    return "\n\n".join(parts)


def cell(text: str) -> str:
    """Text in one line of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def page() -> str:
    """The whole page."""
    return "\n\n".join([HEAD.strip(), *(section(*c) for c in commands(get_command(app)))]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
