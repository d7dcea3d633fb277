"""Retrieval sets as data sets: BEIR's folders, LongEmbed and LoCo."""

from math import log2

import pytest

from lcrag.benchmarks import load_beir, load_loco, load_longembed
from lcrag.errors import LcragError
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Passage
from tests.benchmarks.fixtures import written

score = TaskScore().score


def test_beir_scores_documents_by_their_grades(tmp_path):
    folder = written(tmp_path / "inns", "beir")
    dataset = load_beir(folder)
    (question,) = dataset.questions
    assert dataset.document("inns/d1").text == "Inn Hartman keeps the inn."
    assert question.metadata["relevance"] == {"inns/d1": 2, "inns/d3": 1}
    assert [s.document_id for s in question.evidence] == ["inns/d1", "inns/d3"]
    ranked = ["d3", "d3", "d2", "d1"]  # two passages of d3 are one document
    answer = Answer("", tuple(Passage("x", f"inns/{d}", i, i + 1) for i, d in enumerate(ranked)))
    assert score(question, answer) == pytest.approx((1 + 2 / log2(4)) / (2 + 1 / log2(3)))
    assert score(question, Answer("")) is None


def test_a_part_of_a_corpus_keeps_what_is_relevant(tmp_path):
    folder = written(tmp_path / "inns", "beir")
    assert [d.id for d in load_beir(folder, documents=2).documents] == ["inns/d1", "inns/d3"]
    assert len(load_beir(folder, documents=9).documents) == 3
    with pytest.raises(LcragError, match=r"holds no file of BEIR: qrels/dev\.tsv"):
        load_beir(folder, split="dev")
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td9\t1\n")
    with pytest.raises(LcragError, match="BEIR, inns: the relevant document 'd9' is not there"):
        load_beir(folder)


def test_longembed_has_a_corpus_for_each_length_of_passkeys(tmp_path):
    dataset = load_longembed(written(tmp_path, "longembed"), tasks=("qmsum", "passkey"))
    meeting, short, long = dataset.questions
    assert meeting.document_ids == ("qmsum/a", "qmsum/b")
    assert short.document_ids == ("passkey-256/256-0", "passkey-256/256-1")
    assert long.metadata["length"] == 512 and long.kind == "passkey"
    second = Answer("", tuple(Passage("Key", id, 0, 3) for id in short.document_ids))
    assert score(short, second) == 0.0  # the first document alone counts there
    assert score(meeting, Answer("", tuple(Passage("x", i, 0, 1) for i in meeting.document_ids[::-1]))) > 0.6
    with pytest.raises(LcragError, match="LongEmbed has no task 'pass'; did you mean 'passkey'"):
        load_longembed(tmp_path, tasks=("pass",))


def test_loco_leaves_out_documents_without_a_text(tmp_path):
    dataset = load_loco(written(tmp_path, "loco"), tasks=("qmsum", "2wikimqa"))
    assert [q.id for q in dataset.questions] == ["qmsum-q1", "2wikimqa-q1"]
    assert dataset.questions[0].metadata["relevance"] == {"qmsum/p1": 1}
    assert dataset.notices == ("LoCo: 1 query without a relevant document: left out.",)
