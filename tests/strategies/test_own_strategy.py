"""A strategy of one's own inherits what the engine asks of every strategy."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from lcrag import Answer, Experiment, LcragError, RandomRouter
from lcrag.strategies import ClosedBook, LongContext, Strategy
from tests.strategies.conftest import ask


@dataclass(frozen=True)
class FirstWords(Strategy):
    name: str = "first_words"
    words: int = 3

    async def answer(self, question, tools):
        return Answer(" ".join(tools.documents(question)[0].text.split()[: self.words]))


@dataclass(frozen=True)
class Guess(Strategy):
    closed_book = True
    name: str = "guess"

    async def answer(self, question, tools):
        return Answer("1987")


def test_the_shortest_strategy_answers(dataset, scripted, embedder):
    answer, _ = ask(FirstWords(words=2), dataset, scripted(), embedder)
    assert answer.text == " ".join(dataset.documents[0].text.split()[:2])
    assert (FirstWords.document_first, FirstWords.closed_book, FirstWords.card) == (False, False, None)


def test_the_one_in_the_guide_answers(dataset, scripted, embedder):
    guide = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    names = {"__name__": "guide"}
    exec(compile(block, "strategies.md", "exec"), names)
    answer, _ = ask(names["FirstWords"](words=2), dataset, scripted(), embedder)
    assert answer.text == " ".join(dataset.documents[0].text.split()[:2])


def test_a_strategy_without_an_answer_cannot_be_made():
    class Silent(Strategy):
        name = "silent"

    with pytest.raises(TypeError, match=r"abstract method '?answer"):
        Silent()


def test_routers_never_choose_a_closed_book_strategy(dataset, scripted, tmp_path):
    strategies = [ClosedBook(), Guess(), LongContext()]
    results = Experiment(
        dataset, scripted(), strategies, tmp_path / "a", routers=[RandomRouter()], mlflow=""
    ).run()
    assert set(results.routed["random_router"].values()) == {("long_context",)}
    with pytest.raises(LcragError, match="Routers choose among strategies that read the text"):
        Experiment(
            dataset, scripted(), strategies[:2], tmp_path / "b", routers=[RandomRouter()], mlflow=""
        ).run()
