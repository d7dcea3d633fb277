"""The Python in the guides runs."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def test_the_retrieval_guide_runs_from_top_to_bottom(tmp_path, monkeypatch):
    for module in ("faiss", "sentence_transformers", "langchain_milvus", "milvus_lite"):
        pytest.importorskip(module)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "retrieval.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 3
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in blocks:
        exec(compile(block, "retrieval.md", "exec"), names)
    assert "1987" in names["passages"][0].text
    assert names["index"].search(["kites"], 1)[0][0].document_id == "north.md"


def test_the_cost_guide_shows_what_the_command_prints(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from lcrag.cli import app

    monkeypatch.chdir(tmp_path)
    shown = re.findall(
        r"```\n\$ lcrag (cost .*?)\n(.*?)\n```", (DOCS / "cost.md").read_text("utf-8"), re.DOTALL
    )
    assert len(shown) == 2
    for command, output in shown:
        printed = CliRunner().invoke(app, command.split()).output.splitlines()
        priced = [line for line in printed if not line.startswith("Prices:")]  # names the version of the data
        assert priced == [line for line in output.splitlines() if not line.startswith("Prices:")]


def test_the_budget_guide_runs(tmp_path, monkeypatch, capsys, scripted, dataset, embedder):
    import itertools

    import numpy as np
    import yaml

    from lcrag import Budget, Experiment, Limits
    from lcrag.components.build import build
    from lcrag.experiment.config import from_mapping
    from lcrag.outcomes import save_outcomes
    from lcrag.strategies import ClosedBook
    from tests.routers.conftest import ARMS, make_examples
    from tests.routers.test_budget_router import outcomes_of

    text = (DOCS / "budget.md").read_text("utf-8")
    spec, routers = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    budget = from_mapping(
        {"dataset": "synthetic", "strategies": ["closed_book"], **yaml.safe_load(spec)}
    ).budget
    assert [build("router", r, "docs").total for r in yaml.safe_load(routers)] == [2e6]
    caps, model, allocation, router = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    given = (dataset, scripted(), [ClosedBook()], tmp_path)
    names = {"Experiment": Experiment, "Budget": Budget, "Limits": Limits, "given": given}
    assert eval(caps.replace("...", "*given", 1), names).budget == budget
    theta = list(itertools.product((0, 1, 4, 16), (0, 1, 4), (1, 2)))
    names = {
        "tasks": ["one"] * len(theta) + ["two"] * len(theta),
        "theta": theta * 2,
        "quality": [np.tanh((k + 1) * n * s / 9) + m * s / 9 for s in (1, 3) for k, m, n in theta],
        "context": [1000.0 * (k + 1) * (m + 1) * n for k, m, n in theta] * 2,
    }
    exec(compile(model, "budget.md", "exec"), names)
    assert names["evaluation"].r2 > 0.5
    names |= {"quality": [[0.2, 0.9], [0.4, 0.5]], "cost": [[1e3, 5e5], [1e3, 1e7]]}
    exec(compile(allocation, "budget.md", "exec"), names)
    assert names["assignment"].choices.tolist() == [1, 0]
    monkeypatch.chdir(tmp_path)
    save_outcomes(outcomes_of(make_examples(200)), "outcomes.parquet")
    exec(compile(router, "budget.md", "exec"), names)
    assert len(names["chosen"]) == 50 and names["next_one"].strategy in ARMS
    assert "budget_router" in capsys.readouterr().out


def test_the_routing_guide_runs(tmp_path, monkeypatch):
    for module in ("torch", "faiss", "sentence_transformers"):
        pytest.importorskip(module)
    from lcrag import QualityRouter, save_router
    from tests.routers.conftest import make_examples

    monkeypatch.chdir(tmp_path)
    (tmp_path / "manuals").mkdir()
    (tmp_path / "manuals" / "north.md").write_text("Northwind sells kites. It was founded in 1987 in Bergen.")
    save_router(QualityRouter().fit(make_examples()), "my.router")
    block, _ = re.findall(r"```python\n(.*?)```", (DOCS / "routing.md").read_text("utf-8"), re.DOTALL)
    names: dict = {}
    exec(compile(block, "routing.md", "exec"), names)
    result = names["result"]
    assert result["answer"]
    assert result["strategy"] in {"chunked_retrieval", "long_context"}
    assert result["usage"]["prompt_tokens"] > 0


def test_the_routing_guides_own_router_runs(tmp_path, monkeypatch):
    from lcrag import load_router, save_router
    from lcrag.components import build
    from tests.routers.conftest import ARMS, make_examples

    _, block = re.findall(r"```python\n(.*?)```", (DOCS / "routing.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "mine.py").write_text(block)
    monkeypatch.chdir(tmp_path)
    examples = make_examples(40)
    fitted = build("router", "./mine.py:BestRouter", "routing.md").fit(examples)
    save_router(fitted, "best.router")
    spec = {"type": "file", "path": "best.router", "trusted": ["./mine.py:BestRouter"]}
    for loaded in (load_router("best.router", [type(fitted)]), build("router", spec, "routing.md")):
        assert loaded.choose(examples.queries[:1], ARMS)[0].strategy == ARMS[examples.best_fixed]


def test_the_outcomes_guide_explains_every_column():
    from lcrag.outcomes.table import OPTIONAL, SCHEMA
    from lcrag.schema import ROLES

    text = (DOCS / "outcomes.md").read_text("utf-8")
    roles = tuple(f"{role}_" for role in ROLES)
    for name in [c for c in SCHEMA if not c.startswith(roles)] + list(OPTIONAL):
        assert f"`{name}`" in text, name


def test_the_metrics_of_the_guide_can_be_named():
    import yaml

    from lcrag.components import build

    for library in ("rouge_score", "sacrebleu"):
        pytest.importorskip(library)
    (text,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "metrics.md").read_text("utf-8"), re.DOTALL)
    names = [build("metric", spec, "metrics.md").name for spec in yaml.safe_load(text)["metrics"]]
    assert names == ["rouge", "rouge2", "recall_at_5", "ndcg", "bert_score"]


def test_the_tables_of_components_are_as_the_code_gives_them():
    from experiments.tables import PAGES, renewed

    for page in PAGES:
        text = (DOCS.parent / page).read_text("utf-8")
        assert "<!-- table: " in text
        assert renewed(text) == text, f"{page} is stale: make tables"


def test_the_plan_for_a_large_run_follows_from_the_measured_figures():
    from experiments.benchmarks.scale_plan import renewed

    text = (DOCS / "scale.md").read_text("utf-8")
    assert "H100" in text and renewed(text) == text, "docs/scale.md is stale: make scale"


def test_the_executors_of_the_scale_guide_can_be_named():
    import yaml

    from lcrag.components import build

    text = (DOCS / "scale.md").read_text("utf-8")
    executors = [
        spec["executor"]
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        if "executor" in (spec := yaml.safe_load(block))
    ]
    built = [build("executor", spec, "scale.md") for spec in executors]
    assert [(e.actors, e.bundles_per_actor) for e in built] == [(8, 1), (2, 1), (1, 16)]
