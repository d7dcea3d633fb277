"""Finding components: what is wrong is told in one sentence that names the place."""

import pytest

from lcrag.components import KINDS, build, find, names
from lcrag.errors import LcragError


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_of_a_room_is_a_component_of_its_kind(kind):
    assert names(kind)
    for name in names(kind):
        assert KINDS[kind].accepts(find(kind, name))


def test_a_name_is_the_file_that_defines_the_class():
    assert find("strategy", "self_route").__module__ == "lcrag.strategies.self_route"
    assert find("strategy", "routed").__module__ == "lcrag.routers.routed"
    assert find("router", "cascade").__name__ == "CascadeRouter"
    assert find("strategy", "cascade").__name__ == "Cascade"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("long_contxt", "unknown strategy 'long_contxt'; did you mean 'long_context'?"),
        ("base", "unknown strategy 'base'"),
        ("pieces", "unknown strategy 'pieces'"),
        ("./none.py:Mine", r"\./none\.py:Mine: there is no file .*none\.py"),
        ("no_such_package:Mine", "no_such_package cannot be imported"),
        ("json:JSONDecodr", "json has no 'JSONDecodr'"),
        ("json:JSONDecoder", "json:JSONDecoder is not a strategy: it has no `answer`"),
        ("./broken.py:Mine", r"broken\.py cannot be imported \(ZeroDivisionError: division by zero\)"),
    ],
)
def test_what_cannot_be_found_is_told(name, message, tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(LcragError, match=message):
        find("strategy", name, tmp_path)


def test_a_file_is_executed_once(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from pathlib import Path\n"
        "with (Path(__file__).parent / 'log').open('a') as file:\n    file.write('x')\n"
        "class Mine:\n    name = 'mine'\n    async def answer(self, question, tools): ...\n"
    )
    first, second = (find("strategy", "./mine.py:Mine", tmp_path) for _ in range(2))
    assert first is second
    assert (tmp_path / "log").read_text() == "x"


def test_nested_components_are_known_by_the_type_of_their_field(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from dataclasses import dataclass, field\n"
        "from lcrag import ChunkedRetrieval, Strategy\n"
        "from retrievers import Retriever\n"
        "@dataclass(frozen=True)\n"
        "class Twice(Strategy):\n"
        "    inner: Strategy = field(default_factory=ChunkedRetrieval)\n"
        "    retriever: Retriever | None = None\n"
        "    name: str = 'twice'\n"
        "    async def answer(self, question, tools):\n"
        "        return await self.inner.answer(question, tools)\n"
    )
    spec = {"type": "./mine.py:Twice", "inner": {"type": "long_rag", "k": 2}, "retriever": "bm25"}
    made = build("strategy", spec, "here", None, tmp_path)
    assert (made.inner.name, made.inner.k, made.retriever.k1) == ("long_rag", 2, 1.5)
    with pytest.raises(
        LcragError, match=r"here \(\./mine\.py:Twice\)\.inner: unknown strategy 'lng_rag'; did you"
    ):
        build("strategy", spec | {"inner": "lng_rag"}, "here", None, tmp_path)


def test_differently_fitted_routers_are_told_apart():
    from lcrag import LongContext, QualityRouter, Routed
    from lcrag.components import digest
    from lcrag.testing.router import examples

    first, second = (Routed(QualityRouter().fit(examples(200, seed)), (LongContext(),)) for seed in (0, 1))
    assert digest(first) != digest(second)
    assert digest(first) == digest(Routed(QualityRouter().fit(examples(200, 0)), (LongContext(),)))
