import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.memory import Item, MemoryStore
from lcrag.schema import Ledger, Usage


def test_items_vectors_and_costs_survive_a_restart(tmp_path):
    memory = MemoryStore(tmp_path / "m.sqlite").memory("a")
    memory.change(
        add=[Item("one", "s1", start=9), Item("two", "s2", date="2024-01-02")],
        cost=Ledger({"read": Usage(5, calls=1)}),
    )
    memory.set_vectors(
        [i.id for i in memory.without_vector()], np.eye(2, dtype=np.float32), Ledger({"embed": Usage(3)})
    )
    again = MemoryStore(tmp_path / "m.sqlite").memory("a")
    assert [i.text for i in again.items] == ["two", "one"]  # by place in the document
    assert again.vectors().tolist() == [[1, 0], [0, 1]]
    assert again.spent.total.prompt_tokens == 8
    assert not MemoryStore(tmp_path / "m.sqlite").memory("b").items


def test_change_is_one_transaction(tmp_path):
    memory = MemoryStore(tmp_path / "m.sqlite").memory("a")
    memory.change(add=[Item("one", "s1")])
    with pytest.raises(sqlite3.Error):
        memory.change(add=[Item("two", None)], remove=[memory.items[0].id])
    assert [i.text for i in memory.items] == ["one"]


def test_an_updated_item_is_embedded_anew():
    memory = MemoryStore().memory("a")
    memory.change(add=[Item("one", "s1"), Item("", "mark")])
    memory.set_vectors([memory.items[0].id], np.ones((1, 2), np.float32), Ledger())
    assert not memory.without_vector()
    assert memory.vectors().tolist() == [[1, 1], [0, 0]]
    memory.change(update=[replace(memory.items[0], text="uno", date="2024-05-01")])
    assert [(i.text, i.date) for i in memory.without_vector()] == [("uno", "2024-05-01")]


def test_what_is_no_store_is_refused(tmp_path):
    (tmp_path / "m.sqlite").write_text("no database " * 100)
    with pytest.raises(LcragError, match=r"m\.sqlite is not a store of memories"):
        MemoryStore(tmp_path / "m.sqlite")
    newer = sqlite3.connect(tmp_path / "n.sqlite")
    newer.execute("PRAGMA user_version = 9")
    newer.commit()
    with pytest.raises(LcragError, match="newer lcrag"):
        MemoryStore(tmp_path / "n.sqlite")


def test_a_full_disk_is_one_sentence_and_what_is_there_stays(tmp_path, monkeypatch):
    connections = []

    def connect(*arguments, connect=sqlite3.connect, **settings):
        connections.append(connect(*arguments, **settings))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    memory = MemoryStore(tmp_path / "m.sqlite").memory("a")
    memory.change(add=[Item("one", "s1")])
    (database,) = connections
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(
        LcragError, match=r"m\.sqlite could not be written \(database or disk is full\): free some disk space"
    ):
        memory.change(add=[Item("long " * 9000, "s2")])
    assert [i.text for i in memory.items] == ["one"]
