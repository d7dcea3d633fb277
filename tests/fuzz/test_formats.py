"""Every file that lcrag reads, spoilt in every way: it works or says in one sentence why not."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from lcrag.components import KINDS, build, find, names, settings
from lcrag.components.yaml_file import read_yaml
from lcrag.datasets.files import load_files
from lcrag.experiment.config import from_mapping
from lcrag.experiment.journal import Journal
from lcrag.memory.store import Item, MemoryStore
from lcrag.outcomes import load_outcomes, save_outcomes
from lcrag.replay import examples_of
from lcrag.routers import KNNRouter, LaRARule, QualityRouter, load_router, save_router
from lcrag.schema import Ledger, Outcome, Step, Usage
from lcrag.testing.world import WordEmbedder
from tests.datasets.test_files import pdf
from tests.fuzz.spoil import ODD, command_line, fuzz, spoilt_bytes, spoilt_trees, survives
from tests.outcomes.conftest import row
from tests.routers.conftest import make_examples

ROWS = [
    {"id": "a", "question": "When was it founded?", "documents": "a.md", "answers": ["1987"], "kind": "location",
     "evidence": "founded in 1987", "date": "2024-05-31", "metadata": {"hard": [True]}, "answerable": True},
    {"question": "Which?", "documents": ["a.md", "b.txt"], "choices": ["kites", "lamps"], "answers": "B"},
]  # fmt: skip
SPEC = {
    "name": "own", "output": "out", "seed": 1, "metric": "accuracy", "cost": "tokens", "executor": "local",
    "dataset": {"type": "multi_hop", "domain": "music", "documents": 1, "questions_per_document": 2, "seed": 3},
    "reader": {"type": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "max_concurrency": 2,
               "max_model_len": 4096, "temperature": 0.0, "timeout": 3.0},
    "embedder": {"type": "sentence_transformer", "model": "minilm"},
    "retriever": {"type": "hybrid", "chunker": {"type": "recursive", "size": 300, "overlap": 0}},
    "strategies": ["closed_book", "long_context", {"type": "chunked_retrieval", "k": 2, "name": "rag"},
                   {"type": "cascade", "strategies": ["closed_book", {"type": "long_context"}]},
                   {"type": "routed", "router": "lara_rule", "strategies": ["long_context", "chunked_retrieval"]}],
    "routers": [{"type": "lara_rule", "retrieval": "rag"}, {"type": "quality", "cost_weight": 0.1}],
    "budget": {"question": {"tokens": 8000}, "experiment": {"dollars": 1.0}, "seconds_per_token": 0.1},
    "prices": {"input_mtok": 1, "output_mtok": 2, "embedder": {"input_mtok": 0.1}},
    "mlflow": {"tracking_uri": "x", "experiment": "lcrag"},
}  # fmt: skip
CLAIM = {"m|32k": {"location": {"LC": 80, "RAG": 70.5}}}
CARDS = {
    "my-model": {"input_mtok": 1, "output_mtok": 2, "cached_mtok": 0.5},
    "other": {"gpu_hour": 2.5, "gpus": 2},
}

pytestmark = pytest.mark.slow


@contextmanager
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@cache
def valid(kind: str) -> bytes:
    """The bytes of a good file."""
    with folder() as place:
        file = place / "file"
        if kind == "pdf":
            pdf(file, "Southbay makes lamps.")
        elif kind == "outcomes":
            save_outcomes(outcomes(), file)
        elif kind == "memory":
            store = MemoryStore(file)
            memory = store.memory("m")
            items = [
                Item(f"Kites need wind {i}.", f"s{i}", "", "a.md", i, i + 1, "2024-05-31") for i in range(3)
            ]
            memory.change(items, cost=Ledger({"build": Usage(10, 0, 1, 1)}))
            vectors = WordEmbedder().embed([i.text for i in items]).vectors
            memory.set_vectors([i.id for i in memory.items], vectors, Ledger({"index": Usage(5)}))
            store.close()
        elif kind == "journal":
            with Journal(place) as journal:
                for i in range(3):
                    usage = Ledger({"read": Usage(10, 2, 3, 1, 0.5)})
                    steps = (Step("read", "prompt", "1987"),)
                    outcome = Outcome(
                        f"q{i}", "a.md", "location", "rag", "m", 0, "1987", usage=usage, steps=steps
                    )
                    journal.append(f"key{i}", outcome, ["p"], Usage(10), {"tokens": 5.0})
            file = journal.path
        else:
            router = {"quality": QualityRouter(estimator="linear"), "knn": KNNRouter(k=3)}[kind]
            save_router(router.fit(make_examples(60)), file)
        return file.read_bytes()


def outcomes() -> pd.DataFrame:
    return pd.DataFrame(
        [
            row(f"q{i}", s, question=f"When was thing {i} sold?", document_id=f"d{i % 3}", score=float(i % 2))
            for i in range(6)
            for s in ("chunked_retrieval", "long_context")
        ]
    )


@pytest.fixture(autouse=True, scope="module")
def warm():
    """Imports and good files, which take seconds, before any example is timed."""
    for kind in ("pdf", "outcomes", "memory", "journal", "quality", "knn"):
        valid(kind)
    with folder() as place:
        (place / "r").write_bytes(valid("quality"))
        load_router(place / "r")
        command_line("cost", "--model", "gpt-4.1")


def load_dataset(place: Path) -> None:
    dataset = survives(lambda: load_files(place / "docs", place / "q.jsonl"))
    if dataset is not None:
        assert dataset.digest
        for part in (*dataset.documents, *dataset.questions):
            json.dumps(asdict(part), ensure_ascii=False, default=str).encode("utf-8")


@fuzz
@given(spoilt_trees(ROWS), st.booleans())
def test_questions(rows, escaped):
    with folder() as place:
        (place / "docs").mkdir()
        (place / "docs" / "a.md").write_text("Northwind was founded in 1987 in Bergen.")
        (place / "docs" / "b.txt").write_text("Lamps give light.")
        lines = rows if isinstance(rows, list) else [rows]
        try:
            text = "\n".join(json.dumps(line, ensure_ascii=escaped) for line in lines)
        except RecursionError:
            text = '{"question": ' + "[" * 2000
        (place / "q.jsonl").write_bytes(text.encode("utf-8", "surrogatepass"))
        load_dataset(place)


@fuzz
@given(st.data(), st.sampled_from(["a.md", "b.txt", "c.pdf", "../q.jsonl"]))
def test_bytes_of_documents_and_questions(data, name):
    with folder() as place:
        (place / "docs").mkdir()
        contents = {
            "a.md": b"Northwind was founded in 1987 in Bergen.",
            "b.txt": b"Lamps give light.",
            "c.pdf": valid("pdf"),
            "../q.jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
        }
        contents[name] = data.draw(spoilt_bytes(contents[name]))
        for file, content in contents.items():
            (place / "docs" / file).write_bytes(content)
        load_dataset(place)


def plan(place: Path) -> None:
    spec = read_yaml(place / "own.yaml")
    experiment = from_mapping(spec, str(place / "own.yaml"), place)
    experiment.check()
    json.dumps(experiment.parameters())


@fuzz
@given(spoilt_trees(SPEC), st.booleans())
def test_experiments(spec, flow):
    with folder() as place:
        try:
            text = yaml.safe_dump(spec, default_flow_style=flow, allow_unicode=False)
        except RecursionError:
            assume(False)
        (place / "own.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        survives(lambda: plan(place))


@fuzz
@given(spoilt_bytes(yaml.safe_dump(SPEC).encode()))
def test_bytes_of_experiments(content):
    with folder() as place:
        (place / "own.yaml").write_bytes(content)
        survives(lambda: plan(place))


COMPONENTS = [(kind, name) for kind in KINDS for name in names(kind) if name not in ("pydoc",)]


@fuzz
@given(st.sampled_from(COMPONENTS), st.data())
def test_every_key_of_every_component(component, data):
    import inspect

    kind, name = component
    keys = [k for k in inspect.signature(find(kind, name)).parameters if k[0] != "_"]
    spec = {"type": name}
    for key in data.draw(st.lists(st.sampled_from(keys or ["x"]), max_size=4, unique=True)):
        spec[key] = data.draw(st.sampled_from(ODD) | st.sampled_from([n for _, n in COMPONENTS]))

    def make():
        made = build(kind, spec, "own.yaml", {"embedder": WordEmbedder()}, Path("/nowhere"))
        json.dumps(settings(made, identity=True))

    survives(make)


@fuzz
@given(st.data())
def test_tables_of_outcomes(data):
    frame = outcomes().astype(object)
    for _ in range(data.draw(st.integers(1, 3))):
        column = data.draw(
            st.sampled_from([*SHOWN, "flag_x", "closed_book", "note_support", "document_group"])
        )
        values = [
            data.draw(st.sampled_from([*ODD[:-1], b"\xff", b"a"]))
            for _ in range(data.draw(st.integers(1, 2)))
        ]
        frame[column] = pd.Series([values[i % len(values)] for i in range(len(frame))], dtype=object)
    with folder() as place:
        try:
            pq.write_table(pa.table({c: pa.array(frame[c].tolist()) for c in frame}), place / "t.parquet")
        except (pa.ArrowException, TypeError, UnicodeEncodeError, OverflowError):  # parquet cannot hold these
            survives(lambda: save_outcomes(frame, place / "o.parquet"))
            return
        survives(lambda: use_table(place / "t.parquet"))


SHOWN = [
    "question_id", "document_id", "kind", "strategy", "model", "seed", "question", "answer", "declined", "score",
    "error", "read_prompt_tokens", "build_flops", "index_seconds",
]  # fmt: skip


def use_table(path: Path) -> None:
    examples = examples_of(load_outcomes(path), cost="auto")
    QualityRouter(estimator="linear").fit(examples)
    LaRARule().choose(examples.queries, list(examples.strategies))


@fuzz
@given(spoilt_bytes(valid("outcomes")))
def test_bytes_of_tables_of_outcomes(content):
    with folder() as place:
        (place / "t.parquet").write_bytes(content)
        survives(lambda: use_table(place / "t.parquet"))


@fuzz
@given(st.sampled_from(["quality", "knn"]), st.data())
def test_router_files(kind, data):
    content = valid(kind)
    with folder() as place:
        if data.draw(st.booleans()):
            content = data.draw(spoilt_bytes(content))
        else:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = {n: archive.read(n) for n in archive.namelist()}
            schema = data.draw(spoilt_trees(json.loads(members["schema.json"])))
            with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
                for name, member in (members | {"schema.json": json.dumps(schema).encode()}).items():
                    archive.writestr(name, member)
            content = stream.getvalue()
        (place / "r.router").write_bytes(content)
        survives(lambda: load_router(place / "r.router"))


@fuzz
@given(st.data())
def test_dense_stores(data):
    pytest.importorskip("faiss")
    from retrievers import DenseStore, RecursiveChunker

    with folder() as place:
        embedder, chunker = WordEmbedder(), RecursiveChunker(60, 0)
        store = DenseStore.create(embedder, chunker)
        store.add({"a": "Kites need wind.", "b": "Lamps give light."})
        store.save(place)
        file = data.draw(st.sampled_from(sorted(p for p in place.rglob("*") if p.is_file())), label="file")
        if file.name == "manifest.json" and data.draw(st.booleans()):
            file.write_text(json.dumps(data.draw(spoilt_trees(json.loads(file.read_text())))))
        else:
            file.write_bytes(data.draw(spoilt_bytes(file.read_bytes())))
        back = survives(lambda: DenseStore.load(place, embedder, chunker), ValueError)
        if back is not None:
            back.index().search(["kites"], 2)


@fuzz
@given(spoilt_bytes(valid("memory")))
def test_memories(content):
    def use(path):
        memory = MemoryStore(path).memory("m")
        assert len(memory.without_vector()) <= len(memory.items)
        assert memory.vectors().ndim == 2 and memory.spent.total.calls is not None
        memory.change([Item("New.", "new")], cost=Ledger({"build": Usage(1)}))

    with folder() as place:
        (place / "memory.sqlite").write_bytes(content)
        survives(lambda: use(place / "memory.sqlite"))


@fuzz
@given(st.data())
def test_journals(data):
    content = valid("journal")
    if data.draw(st.booleans()):
        content = data.draw(spoilt_bytes(content))
    else:
        lines = data.draw(spoilt_trees([json.loads(line) for line in content.splitlines()]))
        content = "".join(
            json.dumps(line) + "\n" for line in (lines if isinstance(lines, list) else [lines])
        ).encode()

    def use(place):
        with Journal(place) as journal:
            for outcome in journal.rows.values():
                assert isinstance(outcome.flat(), dict)

    with folder() as place:
        (place / "outcomes.jsonl").write_bytes(content)
        survives(lambda: use(place))


@fuzz
@given(
    st.data(),
    st.sampled_from(["nocha", "lara-table", "prices", "hardware", "config", "fit", "training-pairs"]),
)
def test_the_command_line(data, command):
    from tests.published.test_nocha import claim

    trees = {"nocha": [claim(), claim(claim="It snows.", type=False)], "lara-table": CLAIM, "prices": CARDS,
             "hardware": {"mine": {"flops": 1e14, "bandwidth": 1e12, "memory": 8e10}},
             "config": {"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2,
                        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128,
                        "vocab_size": 1000, "max_position_embeddings": 2048},
             "training-pairs": {"dataset": SPEC["dataset"]}}  # fmt: skip
    with folder() as place:
        file, out = place / "file.json", place / "out"
        if command == "fit":
            file.write_bytes(data.draw(spoilt_bytes(valid("outcomes"))))
        elif data.draw(st.booleans()):
            file.write_bytes(data.draw(spoilt_bytes(json.dumps(trees[command]).encode())))
        else:
            tree = data.draw(spoilt_trees(trees[command]))
            file.write_text(json.dumps(tree))
        arguments = {
            "nocha": ("import", "nocha", file, "--output", out),
            "lara-table": ("import", "lara-table", file, "--output", out),
            "prices": ("cost", "--model", "my-model", "--prices", file),
            "hardware": ("cost", "--model", "llama-3.1-8b", "--hardware", "mine", "--hardware-file", file),
            "config": ("cost", "--model", file),
            "fit": ("fit", file, out, "--router", "feature"),
            "training-pairs": ("training-pairs", file, out),
        }[command]
        command_line(*arguments)
