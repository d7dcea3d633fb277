import pytest

from lcrag.datasets import load_pydoc, load_pydoc_facts
from lcrag.errors import LcragError
from lcrag.experiment.config import from_mapping, load_experiment
from lcrag.strategies import ChunkedRetrieval, SelfRoute

BASE = {"dataset": {"type": "synthetic", "documents": 1, "tokens": 1000}, "strategies": ["closed_book"]}


def test_the_demo_is_the_packaged_configuration():
    from pathlib import Path

    experiment = load_experiment("experiments/demo.yaml")
    assert Path("experiments/demo.yaml").read_text() == Path("lcrag/demo.yaml").read_text()
    assert experiment.dataset == load_pydoc_facts("show")  # never the half on which it was chosen
    assert [s.name for s in experiment.strategies] == [
        "closed_book",
        "chunked_retrieval",
        "memory",
        "long_context",
    ]
    full = load_experiment("lcrag/demo_full.yaml")
    assert full.dataset == load_pydoc() and len(full.strategies) == 6


def test_fields_are_keys_and_components_nest():
    spec = BASE | {
        "strategies": [
            {"type": "chunked_retrieval", "name": "k3", "k": 3, "order": "document"},
            {
                "type": "cascade",
                "strategies": ["closed_book", {"type": "long_context", "truncate": "middle"}],
            },
            {"type": "routed", "router": "lara_rule", "strategies": ["long_context", "chunked_retrieval"]},
            "self_route",
        ],
        "retriever": {"type": "bm25", "chunker": {"type": "recursive", "size": 300, "overlap": 0}},
        "prices": {"input_mtok": 2, "cached_mtok": 0.5, "output_mtok": 8},
        "mlflow": False,
    }
    experiment = from_mapping(spec)
    assert experiment.strategies[0] == ChunkedRetrieval(name="k3", k=3, order="document")
    assert experiment.strategies[1].strategies[1].truncate == "middle"
    assert experiment.strategies[2].router.name == "lara_rule"
    assert experiment.strategies[3] == SelfRoute()
    assert experiment.retriever.chunker.size == 300
    assert experiment.mlflow == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"startegies": []}, "unknown key 'startegies'; did you mean 'strategies'?"),
        (
            {"strategies": ["long_contxt"]},
            r"strategies\[0\]: unknown strategy 'long_contxt'; did you mean 'long_context'?",
        ),
        ({"strategies": [{"type": "chunked_retrieval", "kk": 3}]}, "unknown key 'kk'; did you mean 'k'?"),
        ({"strategies": [{"type": "chunked_retrieval", "k": "many"}]}, r"\.k: 'many' does not fit"),
        (
            {"strategies": [{"type": "long_context", "truncate": "start"}]},
            r"\.truncate: 'start' does not fit",
        ),
        (
            {"strategies": [{"k": 3}]},
            r"strategies\[0\]: give a strategy as its name or as a mapping with `type`",
        ),
        ({"strategies": "closed_book"}, "strategies must be a list"),
        ({"routers": [{"type": "fixed"}]}, r"routers\[0\] \(fixed\): the key 'strategy' is missing"),
        ({"dataset": {"type": "files", "documents": "x"}}, "the key 'questions' is missing"),
        ({"prices": {"input_mtok": 1}}, "prices: the key 'output_mtok' is missing"),
        (
            {"reader": {"type": "transformers", "rope": {"method": "yarn", "factor": 0.5}}},
            r"fit: factor is 0.5: .* 1\.$",
        ),
        ({"seed": "one"}, "seed: 'one' is not a whole number"),
        ({"seed": -1}, "seed: -1 is not a whole number from 0 to"),
        ({"seed": float("inf")}, "seed: inf is not a whole number"),
        ({"seed": 10**30}, "seed: 10+ is not a whole number"),
        (
            {"mlflow": True},
            "mlflow: false is expected, or a mapping with tracking_uri, experiment, traces, not True",
        ),
        ({"mlflow": 5000}, "mlflow: false is expected, or a mapping .*, not 5000"),
        ({"mlflow": "http://127.0.0.1"}, "mlflow: false is expected, or a mapping"),
        ({"mlflow": {"tracking_uri": True}}, "mlflow.tracking_uri: True is not a text"),
        ({"mlflow": {"traces": "yes"}}, "mlflow.traces: true or false is expected, not 'yes'"),
        ({"name": ["a"]}, r"name: \['a'\] is not a text"),
        ({"output": "a\0b"}, "output: .* is not a text"),
        (
            {"strategies": [{"type": "cascade", "strategies": "long_context"}]},
            r"\.strategies: a list is expected",
        ),
        (
            {"strategies": [{"type": "cascade", "strategies": {"type": "long_context"}}]},
            r"strategies\[0\] \(cascade\)\.strategies: a list is expected",
        ),
        (
            {"strategies": [{"type": "cascade", "strategies": None}]},
            r"strategies\[0\] \(cascade\)\.strategies: a list is expected",
        ),
        (
            {"metrics": [{"type": "panel", "members": None}]},
            r"metrics\[0\] \(panel\)\.members: a list is expected",
        ),
        (
            {"strategies": [{"type": "routed", "router": None, "strategies": ["long_context"]}]},
            r"\(routed\)\.router: one router is expected",
        ),
        (
            {"strategies": [{"type": "routed", "router": ["lara_rule"], "strategies": ["long_context"]}]},
            r"\(routed\)\.router: one router, not a list, is expected",
        ),
        ({"mlflow": {"uri": "x"}}, "mlflow: unknown key 'uri'"),
        ({"reader": {"type": "openai"}}, "the key 'model' is missing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change, message):
    with pytest.raises(LcragError, match=message):
        from_mapping(BASE | change)


def _bomb(levels, width):
    lines = ["a0: &a0 [x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines)


def _merge_bomb(levels, width):
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * width)}]}}" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_bomb(12, 9), "holds more than 10,000 values"),
        (_merge_bomb(12, 9), "holds more than 10,000 values"),
        ("a: &a [*a]", "holds more than 10,000 values"),
        ("seed: " + "[" * 300 + "]" * 300, ":1 is not YAML: it is nested more than 40 deep"),
        ("seed: " + "[" * 100_000, "is not YAML: it is nested more than 40 deep"),
        ("\n".join(" " * i + "a:" for i in range(300)), ":40 is not YAML: it is nested more than 40 deep"),
        ("x" * 2_000_000, "is longer than the 1,048,576 bytes that are read as YAML"),
        ("seed: " + "9" * 5000, "is not YAML: it has a value that is not of its type"),
        ("name: 2024-13-45", "is not YAML: it has a value that is not of its type"),
        ("seed: !!bool perhaps", "is not YAML: it has a value that is not of its type"),
        ("seed: !!int x", "is not YAML: it has a value that is not of its type"),
        ('name: "\\U00110000"', "is not YAML|cannot be read"),
        ("a: 1\n---\nb: 2", ":2 is not YAML: but found another document"),
        ("name: \x00", "is not YAML: unacceptable character"),
        ("", "a mapping with the keys"),
    ],
)
def test_yaml_that_would_grow_or_that_python_stumbles_over_is_one_sentence(tmp_path, content, message):
    (tmp_path / "own.yaml").write_text(content)
    with pytest.raises(LcragError, match=rf"own\.yaml.*{message}") as raised:
        load_experiment(tmp_path / "own.yaml")
    assert "\n" not in str(raised.value)


def test_half_a_surrogate_pair_in_yaml_is_replaced(tmp_path):
    (tmp_path / "own.yaml").write_text(
        'name: "a\\ud83d"\ndataset: {type: synthetic, documents: 1, tokens: 1000}\n'
        'strategies: [{type: closed_book, name: "b\\ud83d"}]\n'
    )
    experiment = load_experiment(tmp_path / "own.yaml")
    assert (experiment.name, experiment.strategies[0].name) == ("a\ufffd", "b\ufffd")


@pytest.mark.parametrize("value", [0, -1])
def test_a_reader_that_would_never_ask_is_refused_before_the_run(value, embedder):
    from dataclasses import replace

    reader = {"type": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "max_concurrency": value}
    with pytest.raises(LcragError, match=f"max_concurrency.*{value}"):
        replace(from_mapping(BASE | {"reader": reader}), embedder=embedder).check()


@pytest.mark.parametrize(
    "name", ["oracle", "best_fixed", "best fixed (closed_book)", "random", "random (mean)"]
)
def test_a_strategy_named_like_a_baseline_is_refused_before_the_run(name):
    spec = {"strategies": [{"type": "closed_book", "name": name}]}
    with pytest.raises(LcragError, match="as a baseline is: give it another `name`"):
        from_mapping(BASE | spec).check()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("foo://x", "is not a store that MLflow knows"),
        ("nowhere", "There is no MLflow store at nowhere"),
        ("sqlite:///nowhere/mlflow.db", "There is no MLflow store at sqlite"),
        ("file:///nowhere", "There is no MLflow store at file"),
        ("http://127.0.0.1:5000", "is a tracking server: open it in a browser"),
    ],
)
def test_the_ui_of_a_store_that_is_not_there_is_one_sentence(uri, message):
    from typer.testing import CliRunner

    from lcrag.cli import app

    with pytest.raises(LcragError, match=message):
        raise CliRunner().invoke(app, ["ui", "--tracking-uri", uri]).exception


def test_the_ui_opens_stores_that_are_there(tmp_path):
    from lcrag.experiment.tracking.store import check_store

    (tmp_path / "mlflow.db").touch()
    for uri in (
        f"sqlite:///{tmp_path / 'mlflow.db'}",
        str(tmp_path),
        f"file:{tmp_path}",
        "postgresql+psycopg2://h/d",
    ):
        check_store(uri)


def test_files(tmp_path):
    with pytest.raises(LcragError, match=r"There is no file .*none\.yaml"):
        load_experiment(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("name: demo\nstrategies: [a, b\n")
    with pytest.raises(LcragError, match=r"bad\.yaml:\d+ is not YAML"):
        load_experiment(tmp_path / "bad.yaml")
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(LcragError, match="a mapping with the keys"):
        load_experiment(tmp_path / "list.yaml")


def test_paths_are_relative_to_the_yaml(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Kites need wind.")
    (tmp_path / "q.jsonl").write_text('{"question": "What do kites need?", "answers": "wind"}\n')
    (tmp_path / "own.yaml").write_text(
        "dataset: {type: files, documents: docs, questions: q.jsonl}\nstrategies: [closed_book]\n"
    )
    assert load_experiment(tmp_path / "own.yaml").dataset.questions[0].document_ids == ("a.txt",)


def test_every_component_that_yaml_can_name_is_found():
    from lcrag.components import KINDS, find, names

    for kind in KINDS:
        assert names(kind)
        for name in names(kind):
            assert callable(find(kind, name))


def test_retrievers_nest_and_share_the_embedder(embedder):
    from lcrag.components.build import build

    spec = {"type": "parent", "retriever": {"type": "dense", "chunker": {"type": "sentence", "size": 64}},
            "parents": {"type": "recursive", "size": 900}}  # fmt: skip
    made = build("retriever", spec, "here", {"embedder": embedder})
    assert made.retriever.embedder is embedder
    assert (made.retriever.chunker.size, made.parents.size) == (64, 900)
    lara = build(
        "retriever", {"type": "lara_reranked", "model": "a/cross-encoder"}, "here", {"embedder": embedder}
    )
    assert (lara.fetch, lara.retriever.fusion, lara.retriever.chunker.size) == (5, "quota", 600)
    units = build("retriever", {"type": "bm25", "chunker": "longrag_units"}, "here")
    assert units.chunker.size == 4096
    with pytest.raises(LcragError, match=r"here \(hybrid\).fusion: 'sum' does not fit"):
        build("retriever", {"type": "hybrid", "fusion": "sum"}, "here", {"embedder": embedder})


def test_prices_are_a_card_or_a_file_of_cards_and_are_logged(tmp_path):
    (tmp_path / "prices.yaml").write_text(
        "my-model: {gpu_hour: 2.5}\nother: {input_mtok: 1, output_mtok: 2}\n"
    )
    served = {"reader": {"type": "openai", "model": "my-model"}, "prices": "prices.yaml"}
    logged = from_mapping(BASE | served, folder=tmp_path).parameters()["prices"]
    assert logged == {"source": "rented hardware", "gpu_hour": 2.5, "gpus": 1}
    served["reader"] = {"type": "openai", "model": "gpt-4.1"}
    logged = from_mapping(BASE | served, folder=tmp_path).parameters()["prices"]
    assert logged["source"].startswith("genai-prices") and logged["model"] == "openai gpt-4.1"
    assert from_mapping(BASE, folder=tmp_path).parameters()["prices"] is None
    cards = {"input_mtok": 1, "output_mtok": 2, "embedder": {"input_mtok": 0.02}}
    logged = from_mapping(BASE | {"prices": cards}, folder=tmp_path).parameters()["prices"]
    assert (logged["input_mtok"], logged["embedder"]["input_mtok"]) == (1, 0.02)
    with pytest.raises(LcragError, match=r"prices: unknown key 'input'; did you mean"):
        from_mapping(BASE | {"prices": {"input": 2}})
    with pytest.raises(LcragError, match=r"input_mtok must be dollars per million tokens, not 'free'"):
        from_mapping(BASE | {"prices": {"input_mtok": "free", "output_mtok": 2}})
    with pytest.raises(LcragError, match=r"There is no file .*none\.yaml"):
        from_mapping(BASE | {"prices": "none.yaml"}, folder=tmp_path)


def test_what_was_resolved_is_what_is_logged(dataset, scripted, embedder, tmp_path):
    from lcrag import ClosedBook, Experiment

    logged = Experiment(dataset, scripted(), [ClosedBook()], tmp_path).parameters()
    assert logged["embedder"]["type"] == "SentenceTransformerEmbedder"
    assert logged["retriever"]["type"] == "HybridRetriever"
    assert logged["executor"] == {"type": "LocalExecutor", "concurrency": None, "min_concurrency": 1}
    assert logged["reader"]["batch_invariant"] is True
    logged = Experiment(dataset, scripted(), [ClosedBook()], tmp_path, embedder=embedder).parameters()
    assert "WordEmbedder" in str(logged["retriever"]["embedder"])


def test_bad_units_and_metrics_are_told():
    with pytest.raises(LcragError, match="cost: 'euros' is not one of auto, tokens, flops, dollars"):
        from_mapping(BASE | {"cost": "euros"})
    with pytest.raises(LcragError, match=r"metric: json:JSONDecoder is not a metric"):
        from_mapping(BASE | {"metric": "json:JSONDecoder"})
    with pytest.raises(LcragError, match="There is no metric 'acuracy'; did you mean 'accuracy'"):
        from_mapping(BASE | {"metric": "acuracy"}).check()


def test_a_setting_with_several_values_is_a_strategy_for_each(tmp_path):
    spec = {
        "dataset": "synthetic",
        "strategies": ["long_context", {"type": "chunked_retrieval", "k": [3, 10], "name": "rag"}],
    }
    experiment = from_mapping(spec, "x.yaml", tmp_path)
    assert [(s.name, getattr(s, "k", None)) for s in experiment.strategies] == [
        ("long_context", None),
        ("rag-k3", 3),
        ("rag-k10", 10),
    ]
    spec["strategies"][1]["k"] = [3, 3]
    with pytest.raises(LcragError, match=r"strategies\[1\].k: give one or more values, each of them once"):
        from_mapping(spec, "x.yaml", tmp_path)
