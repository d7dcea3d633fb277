"""Benchmarks' files become data sets; whatever is wrong with them is told with file, record and key."""

import gzip
import json

import pytest

from lcrag.benchmarks.base import Benchmark, Item
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.errors import LcragError
from lcrag.schema import Task

TASKS = {
    "qa": Task("qa", instruction="Answer from the report.", template="{context}\nQ: {question}\nA:"),
    "sum": Task("sum"),
}


def items(row):
    yield Item(row.text("input"), row.text("context"), row.text("task", "qa"), row.texts("answers"),
               quotes=row.texts("evidence"), metadata={"length": row.integer("length", 0)})  # fmt: skip


TINY = Benchmark(
    "tiny", "Tiny", "none", "none", "nowhere", ("*.jsonl*", "*.json", "*.csv", "*.parquet"), TASKS, items
)
RECORD = {"input": "Who?", "context": "Ada did it.\nTwice.", "answers": ["Ada"], "evidence": "Ada did it."}


def written(folder, text, name="tiny.jsonl"):
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_records_become_questions_on_documents_that_are_stored_once(tmp_path):
    more = {**RECORD, "input": "How often?", "answers": "Twice", "length": 3}
    dataset = load(TINY, written(tmp_path, f"{json.dumps(RECORD)}\n{json.dumps(more)}\n"))
    assert [q.text for q in dataset.questions] == ["Who?", "How often?"]
    assert len(dataset.documents) == 1
    assert dataset.questions[0].evidence[0].text == "Ada did it."
    assert dataset.questions[1].answers == ("Twice",)
    assert dataset.questions[1].metadata == {"task": "qa", "length": 3}
    assert dataset.benchmark == "tiny"


@pytest.mark.parametrize("prompt", ["lcrag", "official"])
def test_the_official_prompt_is_kept_only_where_it_is_asked_for(tmp_path, prompt):
    dataset = load(TINY, written(tmp_path, json.dumps(RECORD)), prompt=prompt)
    task = dataset.questions[0].task
    assert task.instruction == "Answer from the report."
    assert bool(task.template) == (prompt == "official")


def test_every_form_of_file_gives_the_same_questions(tmp_path):
    import pandas as pd

    line = json.dumps(RECORD)
    forms = {
        "bom.jsonl": ("\ufeff" + line).encode(),
        "crlf.jsonl": f"{line}\r\n\r\n".encode(),
        "packed.jsonl.gz": gzip.compress(line.encode()),
        "list.json": f"[{line}]".encode(),
        "one.json": line.encode(),
    }
    expected = None
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
    pd.DataFrame([RECORD]).to_parquet(tmp_path / "table.parquet")
    pd.DataFrame([{**RECORD, "answers": "Ada"}]).to_csv(tmp_path / "table.csv", index=False)
    for name in [*forms, "table.parquet", "table.csv"]:
        question = load(TINY, tmp_path / name).questions[0]
        content = (question.text, question.answers, question.evidence)
        expected = expected or content
        assert content == expected, name


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no question of qa, sum in Tiny's files"),
        ("{", "tiny.jsonl:1: this is not JSON"),
        ("[1]", "tiny.jsonl:1: an object is expected, not list"),
        ('{"input": "Who?"}', "the key 'context' is missing; there are: input"),
        ('{"input": ["Who?"], "context": "x"}', "'input' must be a text, not ['Who?']"),
        ('{"input": "Who?", "context": "x", "length": "far"}', "'length' must be a whole number, not 'far'"),
        ('{"input": "Who?", "context": "x", "length": 1e400}', "'length' must be a whole number"),
        ('{"input": " ", "context": "x"}', "the question is empty"),
        ('{"input": "Who?", "context": " "}', "the text is empty"),
        ('{"input": "Who?", "context": "x", "task": "qaa"}', "Tiny has no task 'qaa'; did you mean 'qa'?"),
        (b'{"input": "Who?", "context": "\xff"}', "is not UTF-8"),
    ],
)
def test_a_broken_file_is_told_in_one_sentence(tmp_path, content, told):
    with pytest.raises(LcragError) as error:
        load(TINY, written(tmp_path, content))
    assert told in str(error.value)
    assert "tiny" in str(error.value).lower()


def test_missing_files_and_unknown_tasks_are_told(tmp_path):
    with pytest.raises(LcragError, match=r"holds no file of Tiny: \*\.jsonl"):
        load(TINY, tmp_path)
    with pytest.raises(LcragError, match="Tiny has no task 'summ'; did you mean 'sum'"):
        load(TINY, tmp_path, tasks=("summ",))
    with pytest.raises(LcragError, match="give where Tiny lies on this disk"):
        load(TINY, tmp_path / "nowhere")
    with pytest.raises(LcragError, match="Tiny: give `path`, the folder of its files, from nowhere"):
        load(TINY)


def test_a_quote_that_stands_nowhere_is_counted(tmp_path):
    dataset = load(TINY, written(tmp_path, json.dumps({**RECORD, "evidence": "Bob did it."})))
    assert dataset.notices == ("Tiny: 1 quote of evidence stand in no text: left out.",)


def test_texts_within_a_record_are_read_and_never_run():
    row = Row("x", {"pairs": "[{'Q': 'Who?'}]", "bad": "__import__('os')"})
    assert row.literal("pairs")[0].text("Q") == "Who?"
    with pytest.raises(LcragError, match="a list or an object written as text"):
        row.literal("bad")


def test_files_come_from_the_hub_at_the_revision_that_is_named(tmp_path, monkeypatch):
    import huggingface_hub

    asked = {}

    def download(name, **options):
        asked.update(name=name, **options)
        return str(written(tmp_path, json.dumps(RECORD)))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert load(TINY, "hub:owner/tiny@a1b2").questions
    assert (asked["name"], asked["revision"], asked["repo_type"]) == ("owner/tiny", "a1b2", "dataset")
    with pytest.raises(LcragError, match="must be hub:owner/name@revision"):
        load(TINY, "hub:owner/tiny")


def test_a_hub_that_cannot_be_reached_is_told():
    with pytest.raises(LcragError, match="cannot be downloaded from hub:owner/tiny@a1b2"):
        load(TINY, "hub:owner/tiny@a1b2")


@pytest.mark.parametrize("path", ["x" * 5000, "a\nb", "a\0b"])
def test_a_path_that_no_file_can_have_is_told(path):
    with pytest.raises(LcragError, match="there is no such file or folder"):
        load(TINY, path)
