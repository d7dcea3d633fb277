"""LoCo's tasks from a small folder of the published layout, and nDCG@10 by another hand."""

import json
import math

import numpy as np
import pytest

pytest.importorskip("bm25s")
from experiments.benchmarks.loco import TASKS, bm25, load, main, ndcg, score
from lcrag.errors import LcragError

THINGS = ("kites", "harps", "whales", "lemons", "organs", "clocks")


def documents(task):
    return [
        {"dataset": task, "pid": f"{task}_Passage_{i}", "passage": f"The museum shows {thing}. " * 30}
        for i, thing in enumerate(THINGS)
    ]


def queries(task):
    return [
        {
            "dataset": task,
            "qid": f"{task}_Query_{i}",
            "query": f"Where are {t}?",
            "answer_pids": [f"{task}_Passage_{i}"],
        }
        for i, t in enumerate(THINGS)
    ]


def write(folder, rows, form, task):
    if form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = folder / "data" / "test-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
        return
    path = folder / "documents" / f"{task}_test.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (path.parent / f"{task}_train.jsonl").write_text("not read\n")


@pytest.fixture(params=["jsonl", "parquet"])
def folder(request, tmp_path):
    """Two tasks: a file each, or both in one table."""
    both = [(t, documents(t), queries(t)) for t in ("qmsum", "qasper_title")]
    if request.param == "parquet":
        both = [("all", both[0][1] + both[1][1], both[0][2] + both[1][2])]
    for task, texts, asked in both:
        write(tmp_path / "LoCoV1-Documents", texts, request.param, task)
        write(tmp_path / "LoCoV1-Queries", asked, request.param, task)
    return tmp_path


def test_a_task_holds_its_own_queries_documents_and_answers(folder):
    task = load(folder, "qmsum")
    assert list(task.documents) == [f"qmsum_Passage_{i}" for i in range(6)]
    assert task.queries["qmsum_Query_2"] == "Where are whales?"
    assert task.relevant["qmsum_Query_2"] == {"qmsum_Passage_2"}
    assert len(TASKS) == 12


def test_words_find_the_documents_that_contain_them(folder):
    task = load(folder, "qasper_title")
    assert score(task, bm25(task)) == 1
    nothing = [{"qasper_title_Passage_0": 1.0} for _ in task.queries]
    assert score(task, nothing) == pytest.approx(1 / 6)


def test_the_table_has_a_row_for_each_task_and_their_mean(folder, tmp_path, capsys, monkeypatch):
    pytest.importorskip("sentence_transformers")
    own = tmp_path / "short.yaml"
    own.write_text("{type: sentence_transformer, window: 32}\n")
    main([str(folder), str(own), "--tasks", "qmsum", "qasper_title"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| task | queries | documents | BM25 | short |"
    assert lines[2].startswith("| qmsum | 6 | 6 | 1.000 | ")
    assert lines[4].startswith("| mean | | | 1.000 | ")


def test_ndcg_equals_scikit_learns_and_a_sum_by_hand():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    for n, right in ((30, 1), (30, 4), (30, 20), (6, 2)):
        scores = rng.normal(size=n)
        gold = set(rng.choice(n, right, replace=False).tolist())
        ours = ndcg({str(i): s for i, s in enumerate(scores)}, frozenset(map(str, gold)))
        theirs = metrics.ndcg_score([[float(i in gold) for i in range(n)]], [scores], k=10)
        assert ours == pytest.approx(theirs)
    third = {"a": 3.0, "b": 2.0, "c": 1.0}
    assert ndcg(third, frozenset("c")) == pytest.approx(1 / math.log2(4))
    assert ndcg(third, frozenset("bc")) == pytest.approx((1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3)))
    assert ndcg({str(i): 20.0 - i for i in range(20)}, frozenset({"10"})) == 0
    assert ndcg({"a": 1.0, "b": 1.0}, frozenset("b")) == 1  # as trec_eval breaks ties


def test_documents_without_a_text_are_left_out_with_their_queries(tmp_path):
    rows = documents("qasper_title")
    rows[1]["passage"] = None
    write(tmp_path / "LoCoV1-Documents", rows, "jsonl", "qasper_title")
    write(tmp_path / "LoCoV1-Queries", queries("qasper_title"), "jsonl", "qasper_title")
    task = load(tmp_path, "qasper_title")
    assert len(task.documents) == len(task.queries) == 5 and "qasper_title_Query_1" not in task.queries


def change(rows, **values):
    return [rows[0] | values, *rows[1:]]


@pytest.mark.parametrize(
    ("texts", "asked", "message"),
    [
        (
            {},
            {"answer_pids": ["x"]},
            r"qmsum_test.jsonl:1: 'qmsum_Query_0' names the document 'x', which LoCoV1-D",
        ),
        ({}, {"answer_pids": []}, r"'qmsum_Query_0' has no answer_pids"),
        (
            {},
            {"answer_pids": "qmsum_Passage_0"},
            r"_test.jsonl:1: 'answer_pids' is missing or of another type",
        ),
        ({"passage": 3}, {}, r"_test.jsonl:1: 'passage' is missing or of another type"),
        ({"pid": "qmsum_Passage_1"}, {}, r"the pid 'qmsum_Passage_1' is a duplicate"),
        ({}, {"qid": "qmsum_Query_1"}, r"the qid 'qmsum_Query_1' is a duplicate"),
    ],
)
def test_a_file_of_another_form_is_one_sentence(tmp_path, texts, asked, message):
    write(tmp_path / "LoCoV1-Documents", change(documents("qmsum"), **texts), "jsonl", "qmsum")
    write(tmp_path / "LoCoV1-Queries", change(queries("qmsum"), **asked), "jsonl", "qmsum")
    with pytest.raises(LcragError, match=message):
        load(tmp_path, "qmsum")


def test_what_is_not_there_is_said_with_how_to_fetch_it(tmp_path):
    with pytest.raises(LcragError, match=r"no task 'qmsumm': did you mean 'qmsum'"):
        load(tmp_path, "qmsumm")
    with pytest.raises(
        LcragError, match=r"nothing of LoCo's task 'qmsum'; fetch it: hf download hazyresearch/LoCoV1-D"
    ):
        load(tmp_path, "qmsum")
    write(tmp_path / "LoCoV1-Documents", documents("qmsum"), "jsonl", "qmsum")
    (tmp_path / "LoCoV1-Documents/documents/qmsum_test.jsonl").write_text('{"pid": \n')
    with pytest.raises(LcragError, match=r"qmsum_test.jsonl: it cannot be read .* download it again"):
        load(tmp_path, "qmsum")
