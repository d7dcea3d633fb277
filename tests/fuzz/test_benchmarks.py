"""Files of every benchmark, spoilt in every way: they are read, or one sentence says where and why not."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcrag.components import build
from lcrag.errors import LcragError
from tests.benchmarks.fixtures import FIXTURES
from tests.fuzz.spoil import fuzz, spoilt_bytes, spoilt_trees, survives

pytestmark = pytest.mark.slow
SETTINGS = {"nolima": {"tasks": ["250"]}}  # its books are as long as the longest task wants


def loaded(loader: str, files: dict[str, bytes]):
    with tempfile.TemporaryDirectory() as name:
        for file, content in files.items():
            place = Path(name) / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        try:
            return build("dataset", {"type": loader, "path": name, **SETTINGS.get(loader, {})}, loader)
        except LcragError as error:
            assert Path(name).name in str(error) or loader in str(error), error  # which file, or whose
            raise


def spoilt_lines(text: str):
    """A file of JSON, or of a JSON record on each line, with some values changed."""
    if text.lstrip().startswith("[") or "\n" not in text.strip():
        return spoilt_trees(json.loads(text)).map(json.dumps)
    records = [json.loads(line) for line in text.splitlines() if line.strip()]
    return spoilt_trees(records).map(
        lambda rows: "\n".join(map(json.dumps, rows)) if isinstance(rows, list) else json.dumps(rows)
    )


def is_json(name: str, text: str) -> bool:
    try:
        [json.loads(line) for line in (text.splitlines() if "jsonl" in name else [text]) if line.strip()]
    except ValueError:
        return False
    return True


@fuzz
@given(data=st.data())
def test_benchmarks(data):
    loader = data.draw(st.sampled_from(sorted(FIXTURES)))
    files = {name: text.encode() for name, text in FIXTURES[loader].items()}
    name = data.draw(st.sampled_from(sorted(files)))
    text = FIXTURES[loader][name]
    change = data.draw(
        st.sampled_from(["values", "values", "bytes", "crlf", "bom", "twice", "empty", "gone"])
    )
    if change == "values" and is_json(name, text):
        files[name] = data.draw(spoilt_lines(text)).encode()
    elif change == "bytes":
        files[name] = data.draw(spoilt_bytes(text.encode()))
    elif change == "crlf":
        files[name] = text.replace("\n", "\r\n").encode()
    elif change == "bom":
        files[name] = b"\xef\xbb\xbf" + text.encode()
    elif change == "twice":
        files[name] = (text + "\n" + text).encode()
    elif change == "empty":
        files[name] = b""
    elif change == "gone":
        del files[name]
    survives(lambda: loaded(loader, files))


@pytest.mark.parametrize("loader", sorted(FIXTURES))
def test_every_fixture_is_read(loader):
    dataset = loaded(loader, {name: text.encode() for name, text in FIXTURES[loader].items()})
    assert dataset.questions
    assert all(q.task is not None for q in dataset.questions)
