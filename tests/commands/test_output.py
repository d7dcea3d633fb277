"""What every command has in common: one word for one thing, JSON for scripts, tables that fit, examples that work."""

import json
import shlex
import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.commands.examples import EXAMPLES
from lcrag.tables import aligned, fitting, ruled, wrapped


def commands(group=None, path=()):
    group = group or get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def printed(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_command_has_an_example_that_can_be_typed():
    known = dict(commands())
    assert known.keys() - EXAMPLES.keys() == {"version"} and not EXAMPLES.keys() - known.keys()
    for name, lines in EXAMPLES.items():
        for line in lines:
            words = shlex.split(line.partition(" > ")[0])[1:]
            known[name].make_context(name, words[len(name.split()) :])  # raises on what it does not know


def test_one_thing_has_one_name_in_every_command():
    """An option has the same type wherever it is, and no two names say the same."""
    kinds = {}
    for name, command in commands():
        for option in command.params:
            if option.param_type_name == "option" and not option.hidden:
                context = command.make_context(name, [], resilient_parsing=True)
                kind = option.get_help_record(context)[0]
                kinds.setdefault(option.opts[0], {}).setdefault(kind, []).append(name)
    assert not kinds.keys() & {"--kinds", "--strategies", "--judge-url", "--metric", "--out", "--folder-out"}
    differing = {option for option, types in kinds.items() if len(types) > 1}
    # of a plan they are numbers, of a run files; `fit` and `serve` take one, `replay` and `run` many
    assert differing <= {"--questions", "--documents", "--failures", "--router", "--strategy"}


def test_options_with_an_earlier_name_are_still_known():
    result = CliRunner().invoke(app, ["questions", "nowhere", "--kinds", "locaton"])
    assert "there is no kind 'locaton'" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["components"], "strategy"),
        (["components", "router"], "lara_rule"),
        (["cost", "--model", "gpt-4.1"], "costs"),
        (["power", "--questions", 64, "--documents", 8], "needed"),
        (["data", "list"], "benchmarks"),
        (["replay", "lara", "--router", "lara_prior"], "table"),
    ],
)
def test_json_is_all_that_stdout_has(arguments, key):
    assert key in json.loads(printed(*arguments, "--json"))


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize(
    "arguments",
    [
        ["cost", "--model", "llama-3.1-8b", "--hardware", "a100"],
        ["power", "--questions", 64, "--documents", 8],
        ["components"],
        ["components", "strategy"],
        ["data", "list"],
        ["data", "show", "nocha"],
        ["replay", "lara", "--router", "lara_prior"],
    ],
)
def test_what_is_printed_fits_the_terminal(arguments, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    with fitting(width):
        lines = printed(*arguments).splitlines()
    assert lines and [line for line in lines if len(line) > width] == []


def test_a_table_loses_columns_before_it_wraps_and_says_which():
    rows = [["strategy", "accuracy", "p50", "dollars"], ["long_context", "0.512", "0.31", "0.0123"]]
    with fitting(40):
        assert "p50" in ruled(rows)[1]
    with fitting(30):
        lines = ruled(rows, drop=["p50", "accuracy"])
    assert lines[1].split() == ["strategy", "accuracy"] or lines[1].split() == ["strategy", "dollars"]
    assert lines[-1].startswith("Too narrow for: ") and "p50" in lines[-1]
    with fitting(20):
        assert max(map(len, aligned(rows))) <= 20 and aligned(rows)[1].startswith("lon")
    assert len(wrapped(["a word " * 30])[0]) > 100


def test_a_pipe_gets_whole_tables_and_no_colour():
    command = [sys.executable, "-m", "lcrag.cli", "cost", "--model", "gpt-4.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "50 questions" in done.stdout and "Too narrow" not in done.stdout and "\x1b" not in done.stdout


def test_an_error_says_what_to_do_in_one_line_and_exits_with_1(tmp_path):
    command = [sys.executable, "-m", "lcrag.cli", "report", str(tmp_path / "nothing")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert "give the output folder of a run" in done.stderr


def test_the_reference_is_as_the_commands_are():
    from experiments.cli_page import PAGE, page

    assert PAGE.read_text("utf-8") == page(), "docs/cli.md is stale: make tables"
