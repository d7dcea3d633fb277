"""DRAG and IterDRAG against the rules of arXiv 2410.04343."""

from dataclasses import replace

import pytest

from lcrag.errors import LcragError
from lcrag.schema import Passage
from lcrag.strategies import DRAG, IterDRAG
from lcrag.strategies.iter_drag import FINAL, FOLLOW, INTERMEDIATE
from lcrag.strategies.pieces.demonstrations import documents_block
from tests.strategies.conftest import ask, ask_all, resources


def test_the_best_document_stands_last_and_each_is_cut_to_1024_words():
    block = documents_block([Passage("best " * 2000, "d", 0, 1), Passage("second", "d", 1, 2)])
    assert block.index("second") < block.index("best")
    assert block.count("best") == 1024


def test_each_demonstration_has_documents_of_its_own_and_stands_before_the_question(
    shown_dataset, scripted, embedder
):
    reader = scripted()
    answer, tools = ask(DRAG(k=1, m=2), shown_dataset, reader, embedder)
    prompt = reader.requests[0].messages[-1].content
    places = [
        prompt.index(x) for x in ("In which town", "What do lamps give?", "When was Northwind founded?")
    ]
    assert places == sorted(places)
    assert prompt.count("Context: ") == 3
    assert prompt.index("Answer: Bergen") < prompt.index("Context: Lamps")
    assert answer.notes["effective_context"] == tools.ledger["read"].prompt_tokens


@pytest.mark.parametrize(("k", "m", "contexts"), [(0, 0, 0), (0, 2, 0), (2, 0, 2)])
def test_baselines_are_special_cases(k, m, contexts, shown_dataset, scripted, embedder):
    reader = scripted()
    ask(DRAG(k=k, m=m), shown_dataset, reader, embedder)
    prompt = reader.requests[0].messages[-1].content
    assert prompt.count("Context: ") == contexts
    assert prompt.count("Question: ") == m + 1


def test_too_few_demonstrations_and_no_theta_are_refused(dataset, scripted, embedder):
    with pytest.raises(LcragError, match="2 demonstrations are wanted, but the dataset has 0"):
        ask(DRAG(), dataset, scripted(), embedder)
    with pytest.raises(ValueError, match="k = -1"):
        DRAG(k=-1)
    with pytest.raises(ValueError, match="at least one iteration"):
        IterDRAG(n=0)


@pytest.mark.parametrize("strategy", [DRAG(m=0, max_context=10), IterDRAG(m=0, max_context=10)])
def test_over_the_cap_nothing_is_asked(strategy, dataset, scripted, embedder):
    reader = scripted()
    with pytest.raises(LcragError, match=r"Question n1: .* over its cap of 10; nothing was asked"):
        ask(strategy, dataset, reader, embedder)
    assert not reader.requests


def steps(n: int) -> list[str]:
    return [f"{FOLLOW}Who founded it {i}?" if i % 2 == 0 else f"{INTERMEDIATE}Ada {i}" for i in range(2 * n)]


def test_iterations_retrieve_for_each_follow_up_and_end_in_a_forced_answer(dataset, scripted, embedder):
    reader = scripted([*steps(3), f"{FINAL}1987"])
    answer, tools = ask(IterDRAG(k=1, m=0, n=3), dataset, reader, embedder)
    assert answer.text == "1987"
    assert answer.notes["iterations"] == 3
    assert len(reader.requests) == 2 * 3 + 1
    assert [r.begin for r in reader.requests[:3]] == [(FOLLOW, FINAL), (INTERMEDIATE,), (FOLLOW, FINAL)]
    assert reader.requests[-1].begin == (FINAL,)
    assert [s.name for s in tools.steps].count("retrieve") == 4
    assert "Intermediate answer: Ada 1" in reader.requests[-1].messages[-1].content
    total = sum(reader.count_tokens(r.messages) for r in reader.requests)
    assert answer.notes["effective_context"] == total


def test_the_final_answer_ends_the_iterations(dataset, scripted, embedder):
    reader = scripted([*steps(1), "so the final answer is: 1987"])
    answer, _ = ask(IterDRAG(k=1, m=0), dataset, reader, embedder)
    assert (answer.text, answer.notes["iterations"], answer.notes["unprefixed"]) == ("1987", 1, 0)


@pytest.mark.parametrize(
    ("said", "text", "calls", "unprefixed"),
    [
        (["1987"], "1987", 1, 1),
        (["Who founded it?", "Ada", "1987"], "1987", 3, 3),
        ([""], "", 1, 1),
    ],
)
def test_replies_without_a_prefix(said, text, calls, unprefixed, dataset, scripted, embedder):
    reader = scripted(said)
    answer, _ = ask(IterDRAG(k=1, m=0), dataset, reader, embedder)
    assert (answer.text, len(reader.requests), answer.notes["unprefixed"]) == (text, calls, unprefixed)


def test_the_cap_ends_the_iterations_with_an_answer(dataset, scripted, embedder):
    def talk(request):
        return f"{FINAL}1987" if request.begin == (FINAL,) else f"{request.begin[0]}Who was it this time?"

    free, _ = ask(IterDRAG(k=1, m=0), dataset, scripted(talk), embedder)
    cap = int(free.notes["effective_context"] // 2)
    answer, tools = ask(IterDRAG(k=1, m=0, max_context=cap), dataset, scripted(talk), embedder)
    assert (answer.text, answer.notes["capped"]) == ("1987", 1)
    assert tools.input_tokens <= cap
    assert 0 < answer.notes["iterations"] < free.notes["iterations"]


class Fresh:
    """Finds another passage of 60 words with every search."""

    build_tokens = searches = 0

    def build(self, texts):
        return self

    def search(self, queries, k, *, document_ids=None):
        self.searches += 1
        return [
            [Passage(f"kite{self.searches} " * 60, "north", self.searches, self.searches + 1)]
            for _ in queries
        ]

    def query_tokens(self, queries):
        return 0


@pytest.mark.parametrize("cap", range(90, 2000, 37))
def test_the_cap_is_never_passed(cap, shown_dataset, scripted, embedder):
    """Wherever it strikes: before a follow-up, after its passages came, after a long intermediate answer."""

    def talk(request):
        return (
            f"{request.begin[0]}Who founded Northwind in Bergen, {len(request.messages[-1].content)}? "
            + "x " * 30
        )

    strategy = IterDRAG(k=1, m=0, n=4, max_context=cap, retriever=Fresh())
    try:
        answer, tools = ask(strategy, shown_dataset, scripted(talk), embedder)
    except LcragError as error:
        assert "nothing was asked" in str(error) and cap < 250
    else:
        assert tools.input_tokens <= cap
        assert answer.text and answer.notes["effective_context"] == tools.input_tokens


def knowing(right):
    """A reader that answers these questions right, by a word in each, and every other with "darkness"."""

    def talk(request):
        asked = request.messages[-1].content.rsplit("Question: ", 1)[-1]
        return FINAL + next((answer for cue, answer in right.items() if cue in asked), "darkness")

    return talk


def test_a_demonstration_answered_wrong_is_replaced_and_all_are_built_once(shown_dataset, scripted, embedder):
    reader = scripted(knowing({"In which town": "Bergen", "auditor": "unanswerable"}))
    shared = resources(shown_dataset, reader, embedder)
    asked = ask_all(IterDRAG(k=1, m=2), shared, shown_dataset)
    assert {a.notes["demonstrations"] for a, _ in asked} == {2}
    assert len(reader.requests) == 3 + len(shown_dataset.questions)
    last = reader.requests[-1].messages[-1].content
    assert last.index(f"{FINAL}Bergen") < last.index("Who is Southbay's auditor?")
    assert "What do lamps give?" not in last
    assert sum(t.ledger["build"].calls for _, t in asked) == pytest.approx(3)


def test_no_more_demonstrations_are_tried_than_are_shown(shown_dataset, scripted, embedder):
    reader = scripted(knowing({"In which town": "Bergen"}))
    answer, _ = ask(IterDRAG(k=1, m=1), shown_dataset, reader, embedder)
    assert (answer.notes["demonstrations"], len(reader.requests)) == (1, 2)


def test_no_demonstration_answered_right_is_an_error(shown_dataset, scripted, embedder):
    with pytest.raises(LcragError, match=r"iter_drag: .* answered none of 3 demonstrations right.*m: 0"):
        ask(IterDRAG(k=1, m=2), shown_dataset, scripted(knowing({})), embedder)


class ByWord:
    """Finds a best and a second passage for the query's last word, and the shared one."""

    build_tokens = 0

    def build(self, texts):
        return self

    def search(self, queries, k, *, document_ids=None):
        words = [q.split()[-1].strip("?") for q in queries]
        return [
            [
                Passage(f"{kind} {w}", "north", sum(map(ord, w)) + n, 9999 + n)
                for n, kind in enumerate(["best", "second"])
            ]
            + [Passage("shared", "north", 0, 1)]
            for w in words
        ]

    def query_tokens(self, queries):
        return 0


def test_newer_documents_stand_nearer_to_the_question_the_best_of_them_last(dataset, scripted, embedder):
    reader = scripted([f"{FOLLOW}Who is Ada?", f"{INTERMEDIATE}A chief.", f"{FINAL}1987"])
    answer, _ = ask(IterDRAG(k=3, m=0, retriever=ByWord()), dataset, reader, embedder)
    first, last = (r.messages[-1].content for r in (reader.requests[0], reader.requests[-1]))
    before = first[: first.index("Question: ")]
    assert last.startswith(before)
    contexts = [line.removeprefix("Context: ") for line in last.splitlines() if line.startswith("Context: ")]
    assert contexts == ["shared", "second founded", "best founded", "second Ada", "best Ada"]
    assert [p.text for p in answer.evidence][:2] == ["best founded", "second founded"]


def test_a_demonstration_is_never_the_question_itself(shown_dataset, scripted, embedder):
    leaky = replace(shown_dataset, demonstrations=(shown_dataset.questions[0], *shown_dataset.demonstrations))
    reader = scripted()
    ask(DRAG(k=0, m=2), leaky, reader, embedder)
    assert "Answer: 1987" not in reader.requests[0].messages[-1].content
