"""The documentation: every block is run, or parsed by what it is for; notebooks run; the site's pages can be made."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUN_BY = {  # the test that runs a page's Python
    "application.md": "tests/test_application_guide.py",
    "budget.md": "tests/test_docs.py",
    "concepts.md": "tests/test_site.py",
    "demo.md": "tests/test_site.py",
    "documents.md": "tests/test_site.py",
    "extending.md": "tests/test_extending.py",
    "feedback.md": "tests/serving/test_live_learning.py",
    "judge_check.md": "tests/judging/test_corrected.py",
    "mlflow.md": "tests/experiment/test_tracked_analyses.py",
    "outcomes.md": "tests/test_site.py",
    "published.md": "tests/published/test_shipped.py",
    "quickstart.md": "tests/test_site.py",
    "retrieval.md": "tests/test_docs.py",
    "routing.md": "tests/test_docs.py",
    "strategies.md": "tests/strategies/test_own_strategy.py",
}


def blocks(page, *languages):
    return [body for name, body in BLOCK.findall(page.read_text("utf-8")) if name in languages]


def lcrag_commands(page):
    for block in blocks(page, "sh", "bash", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith(("lcrag ", "$ lcrag ", ".venv/bin/lcrag ")):
                yield shlex.split(line.removeprefix("$ ").partition(" > ")[0], comments=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_command_in_the_guides_is_one_that_can_be_typed(page):
    from typer.main import get_command

    from lcrag.cli import app

    for words in lcrag_commands(page):
        command, arguments = get_command(app), words[1:]
        if "|" in arguments:
            arguments = arguments[: arguments.index("|")]
        arguments = [a for a in arguments if not a.startswith("2>")]
        while hasattr(command, "commands"):
            if arguments[0].startswith("-"):
                break
            command, arguments = command.commands[arguments[0]], arguments[1:]
        else:
            command.make_context(words[1], list(arguments))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_block_of_data_or_code_in_the_guides_can_be_read(page):
    for body in blocks(page, "yaml"):
        assert yaml.safe_load(body) is not None
    for body in blocks(page, "python"):
        compile(body, page.name, "exec")
    for body in blocks(page, "json", "jsonl"):
        assert all(json.loads(line) for line in body.splitlines() if line.strip()) or json.loads(body)


def test_a_test_runs_the_python_of_every_guide():
    tests = {p: (ROOT / p).read_text("utf-8") for p in RUN_BY.values()}
    for page in PAGES:
        if blocks(page, "python"):
            named = RUN_BY.get(page.name)
            assert named, f"{page.name} has Python: name the test that runs it in RUN_BY"
            assert page.name in tests[named]


@pytest.mark.parametrize("name", ["concepts.md", "demo.md", "documents.md", "outcomes.md"])
def test_the_python_of_a_guide_runs(name, tmp_path, monkeypatch, capsys):
    import pandas as pd

    from lcrag.outcomes import save_outcomes
    from tests.analysis.test_runs import table

    monkeypatch.chdir(tmp_path)
    for folder in ("manuals", "runs/demo"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "manuals" / "north.md").write_text("Northwind was founded in 1987.")
    save_outcomes(table("m", lambda s, i: 1), "runs/demo/outcomes.parquet")
    questions = pd.DataFrame([{"question": "When?", "documents": "north.md", "answers": ["1987"]}])
    texts = pd.DataFrame([{"id": "north.md", "text": "Northwind was founded in 1987."}])
    names = {"questions": questions, "split": Table(questions), "corpus": Table(texts)}
    for body in blocks(ROOT / "docs" / name, "python"):
        exec(compile(body, name, "exec"), names)


class Table:
    """What has ``to_pandas``, such as a table of the package datasets."""

    def __init__(self, frame):
        self.to_pandas = lambda: frame


@pytest.mark.parametrize("name", ["quickstart.md", "howto.md"])
def test_the_yaml_of_quickstart_and_howto_is_an_experiment(name, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from lcrag.experiment.config import from_mapping
    from lcrag.experiment.several import per_reader

    monkeypatch.setenv("OPENAI_API_KEY", "none")
    (tmp_path / "manuals").mkdir()
    (tmp_path / "manuals" / "a.md").write_text("Northwind was founded in 1987.")
    (tmp_path / "questions.jsonl").write_text(
        '{"question": "When?", "documents": "a.md", "answers": ["1987"]}\n'
    )
    for body in blocks(ROOT / "docs" / name, "yaml"):
        spec = yaml.safe_load(body)
        for run in per_reader(spec, name, tmp_path).values() if "readers" in spec else [spec]:
            assert from_mapping(run, name, tmp_path).strategies


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first_experiment", "routers_on_published_answers"])
def test_a_notebook_runs_from_top_to_bottom(name, tmp_path, monkeypatch):
    if name == "first_experiment":
        pytest.importorskip("torch")
    run_cells(name, tmp_path, monkeypatch)


def run_cells(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    names = {}
    for cell in json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{name}.ipynb", "exec"), names)


@pytest.mark.slow
def test_the_python_of_the_quickstart_runs(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    for body in blocks(ROOT / "docs" / "quickstart.md", "python"):
        exec(compile(body, "quickstart.md", "exec"), {})
    assert "long_context" in capsys.readouterr().out


def test_there_is_a_page_for_each_component_and_the_navigation_names_every_guide():
    from experiments.site_pages import SHOWN, pages
    from lcrag.components.find import names

    made = pages()
    for kind in SHOWN:
        assert {f"components/{kind}/{name}.md" for name in names(kind)} <= made.keys()
    assert "{type: vector_store, store: ...}" in made["components/retriever/vector_store.md"]()
    summary = made["SUMMARY.md"]()
    for page in PAGES:
        assert f"({page.name})" in summary, page.name
    assert all(make().startswith("# ") for path, make in list(made.items())[:5] if path != "SUMMARY.md")
