"""LOFT: what its records become, how it asks, and its scorers' digits."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.official import Loft
from lcrag.metrics.official.loft import listed
from lcrag.schema import Answer, Question
from tests.benchmarks.fixtures import FIXTURES
from tests.benchmarks.written import loaded, official_prompt, question


def right(task, reply, *golds):
    return Loft().score(Question("q", "?", ("d",), golds, metadata={"task": task}), Answer(reply))


def test_records_become_questions(tmp_path):
    dataset = loaded(tmp_path, "loft")
    answering, finding = question(dataset, "rag_nq"), question(dataset, "retrieval_fiqa")
    assert len(dataset.questions) == 2
    assert (answering.id, answering.answers) == ("rag_nq-d1-32k-dev", ("Ida Brook",))
    assert [span.text for span in answering.evidence] == [
        "ID: 1 | TITLE: None | CONTENT: Ida Brook built it. | END ID: 1"
    ]
    assert finding.answers == ("1",)  # the document's number in the prompt
    assert finding.metadata["length"] == "32k"


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "loft", prompt="official")
    assert official_prompt(dataset, question(dataset, "rag_nq")) == (
        "You will be given a list of documents. You need to read carefully and understand all of them. Then you will "
        "be given a query, and your goal is to answer the query based on the documents you have read.\n\n"
        "Your final answer should be in a list, in the following format:\nFinal Answer: ['answer1', 'answer2', ...]\n"
        "If there is only one answer, it should be in the format:\nFinal Answer: ['answer']\n\n"
        "ID: 0 | TITLE: Wall | CONTENT: Bo built it. | END ID: 0\n"
        "ID: 1 | TITLE: None | CONTENT: Ida Brook built it. | END ID: 1\n"
        "====== Now let's start! ======\nBased on the documents above, can you answer the following query? Print out "
        "the TITLE and ID of the documents you use to answer. Then format the answers into a list.\n"
        "query: Who built the mill?\n"
    )
    assert official_prompt(dataset, question(dataset, "retrieval_fiqa")).endswith(
        "ID: 1 | CONTENT: Ida Brook built it. | END ID: 1\n====== Now let's start! ======\n"
        "Which document is most relevant to answering the query? Print out the CONTENT and ID of the document. Then "
        "format the IDs into a list.\nIf there is no perfect answer output the closest one. Do not give an empty "
        "final answer.\n"
        "query: Who built the mill?\nThe following documents can answer the query:\n"
    )


@pytest.mark.parametrize(
    ("reply", "items"),
    [
        ("TITLE: Mill | ID: 1\n**Final Answer**: ['Ida Brook']", ["Ida Brook"]),
        ("Final Answer: ['the devil's sleep', 'x']", ["the devil's sleep", "x"]),
        ("Final Answer: [1, 2]\nFinal Answer: [3]", ["1", "2"]),  # the first line with brackets
        ("[see above]\nFinal Answer: [3]", []),  # it cannot be read, and no other is tried
        ("Final Answer: Ida", []),
        ("Final Answer: [" + "(" * 500 + "]", []),
    ],
)
def test_the_list_is_cut_out(reply, items):
    assert listed(reply) == items


@pytest.mark.parametrize(
    ("task", "reply", "golds", "score"),
    [
        ("rag_nq", "['It was Ida Brook', 'Bo']", ("Ida Brook",), 1),
        ("rag_nq", "['Bo', 'Ida Brook']", ("Ida Brook",), 0),  # only the first item counts
        ("rag_nq", "['Bo\u0302']", ("B\xf4",), 1),  # accents composed or not
        ("rag_nq", "Ida Brook", ("Ida Brook",), 0),
        ("rag_quest", "['Mill', 'The Wall']", ("The old mill", "Wall"), 1),
        ("rag_quest", "['Mill']", ("Mill", "Wall"), 0),
        ("rag_quest", "['Mill wall']", ("Mill", "Wall"), 0),  # one item for each gold answer
        ("retrieval_nq", "[ 7 , 3]", ("7", "3"), 0.5),
        ("retrieval_nq", "[3, 7]", ("7",), 0),
        ("retrieval_hotpotqa", "[3, 7]", ("7", "3"), 1),
        ("retrieval_hotpotqa", "[3, 1, 7]", ("7", "3"), 0),
        ("retrieval_quest", "[3, 1, 7]", ("7", "3"), 1),
        ("retrieval_quest", "", ("7",), 0),
    ],
)
def test_scores(task, reply, golds, score):
    assert right(task, reply, *golds) == score


def test_a_missing_corpus_and_broken_relevance_are_told(tmp_path, monkeypatch):
    whole = FIXTURES["loft"]
    queries = "data/rag/nq/32k/dev_queries.jsonl"
    monkeypatch.setitem(FIXTURES, "loft", {queries: whole[queries]})
    with pytest.raises(LcragError, match=r"the corpus .*corpus.jsonl is missing"):
        loaded(tmp_path, "loft")
    monkeypatch.setitem(
        FIXTURES, "loft", {**whole, queries: whole[queries].replace("[[", "[").replace("]]", "]")}
    )
    with pytest.raises(LcragError, match="'metadata' must be an object with qrels"):
        loaded(tmp_path, "loft")
