"""What was built and kept is built again where its file is damaged, and a sentence says so."""

import asyncio
import json

import pytest

import lcrag
from lcrag.errors import LcragError
from lcrag.runtime.building import build_once
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Answer
from lcrag.strategies.pieces.prompts import chat


async def make(build):
    return (await build.read(chat("one two three"))).text


@pytest.fixture
def kept(tmp_path, scripted):
    """Builds a note once; the returned function builds or loads it, and returns it with the resources."""

    def once():
        shared = Resources(scripted(), {})
        return asyncio.run(build_once("note", make, MeteredToolbox(shared, "s"), tmp_path)), shared

    once()
    (once.file,) = tmp_path.iterdir()
    return once


def changed(**values):
    return lambda content: json.dumps({**json.loads(content), **values}).encode()


DAMAGES = {
    "cut": lambda content: content[:20],
    "no text": lambda content: b"\xff" + content,
    "brackets": lambda content: b"[" * 100_000,
    "a list": lambda content: b"[1]",
    "without a result": lambda content: content.replace(b'"result"', b'"other"'),
    "an unknown amount": changed(cost={"entries": {"read": {"pages": 3}}}),
    "an amount in words": changed(cost={"entries": {"read": {"calls": "three"}}}),
    "another build": changed(key="another"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_told_and_built_again(kept, damage):
    whole = kept.file.read_bytes()
    kept.file.write_bytes(damage(whole))
    built, shared = kept()
    assert (built.result, len(shared.reader.requests)) == ("unanswerable", 1)
    (notice,) = shared.notices
    assert notice.startswith(f"{kept.file} is damaged (") and notice.endswith(
        "): what it held is built again."
    )
    again, shared = kept()
    assert again == built and shared.notices == [] and shared.reader.requests == []


def test_a_file_that_cannot_be_read_is_not_built_again(kept):
    kept.file.unlink()
    kept.file.mkdir()
    with pytest.raises(
        LcragError, match=r"cannot be read \(Is a directory\): make it readable, or remove it"
    ):
        kept()


class Noted(lcrag.LongContext):
    """Builds a note and answers with it."""

    async def answer(self, question, tools):
        return Answer(await tools.build("note", [], make, keep=True))


def test_the_table_says_so(tmp_path, dataset, scripted, embedder):
    def run(seed):
        settings = {"embedder": embedder, "mlflow": "", "seed": seed}
        return lcrag.Experiment(dataset, scripted(), [Noted()], tmp_path, **settings).run()

    assert "damaged" not in str(run(0))
    (file,) = (tmp_path / "built").glob("*.json")
    file.write_text("{")
    assert f"{file.name} is damaged" in " ".join(str(run(1)).split())
