"""Builds and memories that an older version left in a run's folder."""

import asyncio
import json
import sqlite3
from dataclasses import asdict

from lcrag.memory.store import MemoryStore
from lcrag.runtime.building import build_once
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Usage
from lcrag.strategies.pieces.prompts import chat


def test_a_build_is_loaded_with_its_cost_and_its_parts(tmp_path, dataset, scripted, embedder):
    async def make(build):
        await build.embed(["a kite"], "build")
        return (await build.read(chat("one two three"))).text

    def once(name="note"):
        shared = Resources(scripted(), {d.id: d for d in dataset.documents}, None, embedder)
        return asyncio.run(build_once(name, make, MeteredToolbox(shared, "s"), tmp_path))

    first, second = once(), once()
    assert second == first and first.reader_cost.calls == 1 and first.cost["index"].prompt_tokens == 2
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps({"key": "note", "result": "old", "cost": asdict(Usage(9)), "reader_cost": {}}))
    assert once().result == first.result  # its costs were not told apart, so it is made again
    assert once().cost["index"].prompt_tokens == 2


def test_a_memory_of_format_1_keeps_its_costs(tmp_path):
    file = tmp_path / "memory.sqlite"
    MemoryStore(file).close()
    old = [Usage(50, completion_tokens=5, calls=1), Usage(8, calls=1, flops=None)]
    with sqlite3.connect(file) as database:
        rows = [("m", json.dumps(asdict(usage))) for usage in old]
        database.executemany("INSERT INTO spent VALUES (?, ?)", rows)
        database.execute("PRAGMA user_version = 1")
    spent = MemoryStore(file).memory("m").spent
    assert spent["build"].prompt_tokens == 50 and spent["index"].prompt_tokens == 8
