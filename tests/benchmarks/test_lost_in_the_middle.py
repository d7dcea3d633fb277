"""Lost in the Middle: the authors' prompts to the letter, and the gold passage at chosen places."""

import gzip
import json

import pytest

from lcrag.benchmarks import load_lost_in_the_middle
from lcrag.errors import LcragError
from lcrag.generators import load_lost_positions
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import documents_context, prompt_of
from tests.benchmarks.fixtures import written


def prompt(dataset, question):
    return prompt_of(question, documents_context([dataset.document(i) for i in question.document_ids]))


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path, "lost_in_the_middle")


def test_the_prompts_are_the_authors_to_the_letter(folder):
    dataset = load_lost_in_the_middle(folder, prompt="official")
    kv, nq = dataset.questions[:2]
    assert prompt(dataset, kv) == (
        "Extract the value corresponding to the specified key in the JSON object below.\n\nJSON data:\n"
        '{"k1": "v1",\n "k2": "v2",\n "k3": "v3"}\n\nKey: "k2"\nCorresponding value:'
    )
    assert prompt(dataset, nq) == (
        "Write a high-quality answer for the given question using only the provided search results (some of which "
        "might be irrelevant).\n\nDocument [1](Title: Inn) Hartman keeps the inn.\n\nQuestion: who "
        "keeps the inn\nAnswer:"
    )


def test_the_authors_pairs_of_keys_and_values(data):
    folder = data / "LostInTheMiddle"
    dataset = load_lost_in_the_middle(folder, tasks=("kv",), prompt="official")
    records = []
    for file in sorted(folder.glob("kv_retrieval_data/*.gz")):
        with gzip.open(file, "rt") as lines:
            records += [json.loads(line) for line in lines]
    assert len(dataset.questions) == len(records) == 1000
    scores = []
    for question, record in zip(dataset.questions, records, strict=True):
        pairs = record["ordered_kv_records"]
        lines = [  # as in the authors' get_kv_retrieval_prompt
            f'{"{" if i == 0 else " "}"{key}": "{value}"{"}" if i == len(pairs) - 1 else ","}'
            for i, (key, value) in enumerate(pairs)
        ]
        assert "\n".join(lines) in prompt(dataset, question)
        assert question.metadata["position"] == [key for key, _ in pairs].index(record["key"])
        assert record["value"] in question.evidence[0].text
        scores.append(TaskScore().score(question, Answer(f"It is {record['value'].upper()}.")))
    assert set(scores) == {1.0}


def test_a_file_without_a_gold_passage_has_no_evidence(folder):
    file = folder / "qa_data/nq-open-oracle.jsonl"
    file.write_text(file.read_text().replace("true", "false"))
    question = load_lost_in_the_middle(file).questions[0]
    assert question.evidence == () and question.metadata["position"] == -1


def test_only_the_first_line_is_scored(folder):
    question = load_lost_in_the_middle(folder, tasks=("nq",)).questions[0]
    assert TaskScore().score(question, Answer("It is Hartman.\nGordon keeps the mill.")) == 1.0
    assert TaskScore().score(question, Answer("Gordon.\nHartman keeps the inn.")) == 0.0


def test_the_gold_passage_stands_at_every_place_among_the_same_others(folder):
    dataset = load_lost_positions(folder, passages=3, positions=(0, 2), limit=1)
    first, last = dataset.questions
    assert [first.id, last.id] == ["nq-1-at-0", "nq-1-at-2"]
    assert first.evidence[0].text == "Document [1](Title: Inn) Hartman keeps the inn."
    assert last.evidence[0].text == "Document [3](Title: Inn) Hartman keeps the inn."
    others = [dataset.document(q.document_ids[0]).text.count("Hartman") for q in (first, last)]
    assert others == [1, 1]  # the bridge's passage holds the answer, too
    assert last.metadata == {"task": "nq", "position": 2, "passages": 3}
    assert load_lost_positions(folder, passages=3, positions=(0, 2), limit=1).digest == dataset.digest


def test_numbers_out_of_range_are_told(folder):
    for settings, told in (
        ({"passages": 1}, "passages must be at least 2, not 1"),
        ({"passages": 3, "positions": (3,)}, "positions must be from 0 to 2, not 3"),
        ({"passages": 9}, "9 passages are wanted, but .* has only 4"),
        ({"passages": 4}, "only 2 passages of other questions lack the answer, 3 are wanted"),
    ):
        with pytest.raises(LcragError, match=told):
            load_lost_positions(folder, **settings)


def test_the_authors_questions_at_their_places(data):
    dataset = load_lost_positions(data / "LostInTheMiddle", passages=10, limit=20)
    assert len(dataset.questions) == 60
    assert [q.metadata["position"] for q in dataset.questions[:3]] == [0, 4, 9]
    for question in dataset.questions:
        assert question.evidence[0].text.startswith(f"Document [{question.metadata['position'] + 1}]")
