"""A few records of every benchmark in its authors' format, with invented content: loader, then file, then text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def jsonl(*records: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)


def written(folder: Path, loader: str, only: Iterable[str] = ()) -> Path:
    """The fixture of a loader as files in a folder."""
    for name, text in FIXTURES[loader].items():
        if not only or name in only:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return folder


FIXTURES: dict[str, dict[str, str]] = {
    "lost_in_the_middle": {
        "kv.jsonl": jsonl({"ordered_kv_records": [["k1", "v1"], ["k2", "v2"]], "key": "k2", "value": "v2"}),
        "nq-open-3_total_documents_gold_at_1.jsonl": jsonl(
            {
                "question": "who sells kites",
                "answers": ["Northwind"],
                "ctxs": [
                    {"title": "Lamps", "text": "Southbay sells lamps.", "isgold": False},
                    {"title": "Kites", "text": "Northwind sells kites.", "isgold": True},
                    {"title": "Sails", "text": "Eastcape sells sails.", "isgold": False},
                ],
            }
        ),
    }
"""A few invented records in each benchmark's format: loader name to file name to content."""

import json


def lines(*records: dict) -> str:
    """Records as JSONL."""
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)


FIXTURES: dict[str, dict[str, str]] = {}

# --- long documents: LongBench, L-Eval, LooGLE, LV-Eval, HELMET, LOFT, InfiniteBench, NoLiMa, L-CiteEval ---

_HOTPOT = {
    "input": "Who built the mill at Oare?",
    "context": "Passage 1:\nThe mill\nIda Brook built the mill at Oare.\n",
    "answers": ["Ida Brook"],
    "length": 12,
    "dataset": "hotpotqa",
    "language": "en",
    "all_classes": None,
    "_id": "a1",
}
FIXTURES["longbench"] = {
    "hotpotqa.jsonl": lines(_HOTPOT),
    "qasper.jsonl": lines(
        {
            **_HOTPOT,
            "dataset": "qasper",
            "_id": "a2",
            "input": "Which optimiser is used?",
            "answers": ["unanswerable"],
        }
    ),
    "gov_report.jsonl": lines(
        {**_HOTPOT, "dataset": "gov_report", "_id": "a3", "input": "", "answers": ["A mill was built."]}
    ),
    "trec.jsonl": lines(
        {
            **_HOTPOT,
            "dataset": "trec",
            "_id": "a4",
            "input": "Question: Who is Ida ?\nType:",
            "context": "Question: Where is Oare ?\nType: Other location",
            "answers": ["Individual"],
            "all_classes": ["Individual", "Other location"],
        }
    ),
    "multifieldqa_zh.jsonl": lines(
        {
            **_HOTPOT,
            "dataset": "multifieldqa_zh",
            "language": "zh",
            "_id": "a5",
            "input": "谁建了磨坊？",  # noqa: RUF001
            "context": "艾达建了磨坊。",
            "answers": ["艾达"],
        }
    ),
}
FIXTURES["longbench_e"] = {
    "hotpotqa_e.jsonl": lines({**_HOTPOT, "length": 5000}),
    "lcc_e.jsonl": lines(
        {**_HOTPOT, "dataset": "lcc", "input": "", "context": "def f():\n", "answers": ["    return 1"]}
    ),
}
FIXTURES["longbench_v2"] = {
    "data.json": json.dumps(
        [
            {
                "_id": "b1",
                "domain": "Single-Document QA",
                "sub_domain": "Academic",
                "difficulty": "easy",
                "length": "short",
                "question": "Who built the mill? ",
                "choice_A": "Ida",
                "choice_B": "Max",
                "choice_C": "Bo",
                "choice_D": "Nobody",
                "answer": "A",
                "context": " Ida built the mill.\n",
            }
        ]
    )
}
_LEVAL = {"input": "A long lecture on mills.", "source": "none", "evaluation": "exam"}
FIXTURES["leval"] = {
    "Closed-ended-tasks/coursera.jsonl": lines(
        {
            **_LEVAL,
            "instructions": [
                "Question 1. What turns?\nA. Mills\nB. Walls\nC. Wheels",
                "Question 2. And stands?",
            ],
            "outputs": ["AC", "B"],
        }
    ),
    "Closed-ended-tasks/gsm100.jsonl": lines(
        {**_LEVAL, "instructions": ["How many mills?"], "outputs": ["2+2=4. The answer is 4"]}
    ),
    "Open-ended-tasks/gov_report_summ.jsonl": lines(
        {**_LEVAL, "evaluation": "rouge", "instructions": ["Sum up."], "outputs": ["Mills turn here."]},
        {**_LEVAL, "evaluation": "LLM", "instructions": ["Sum up."], "outputs": ["Mills turn."]},
    ),
}
FIXTURES["helmet"] = {
    "kilt/nq-dev-multikilt_1000_k105_dep6.jsonl": lines(
        {
            "id": "c1",
            "question": "Who built the mill?",
            "answers": ["Ida Brook"],
            "ctxs": [
                {"title": "Wall", "text": "Bo built it.", "has_answer": False},
                {"title": "Mill", "text": "Ida Brook built it.", "has_answer": True},
            ],
        }
    ),
    "kilt/popqa_test_1000_k105_dep6.jsonl": lines(
        *(
            {
                "id": i,
                "question": f"Who is {i}?",
                "answers": ["Ida"],
                "s_pop": views,
                "ctxs": [{"title": "x", "text": "y"}],
            }
            for i, views in (("c2", 999), ("c3", 1000))
        )
    ),
    "json_kv/test_k1800_dep6.jsonl": lines(
        {"context": '{"k1": "v1"}', "question": "k1", "answer": "v1", "demos": [["a", "b"]], "num_kvs": 1800}
    ),
    "ruler/niah_multivalue/validation_131072.jsonl": lines(
        {
            "context": "One of the special magic numbers for mill is: 12.",
            "query": "mill",
            "type_needle_v": "numbers",
            "outputs": ["12", "34"],
        }
    ),
    "infbench/longbook_choice_eng.jsonl": lines(
        {
            "id": 0,
            "context": "A book.",
            "input": "Who?",
            "answer": ["Max"],
            "options": ["Ida", "Max", "Bo", "Eve"],
        }
    ),
    "infbench/longbook_qa_eng.jsonl": lines(
        {"id": 0, "context": "A book.", "input": "What?", "answer": ["The old mill"], "options": []}
    ),
}
_LOFT_CORPUS = lines(
    {"pid": "doc7", "title_text": "Wall", "passage_text": "Bo built it.", "metadata": {}},
    {"pid": "doc9", "title_text": "", "passage_text": " Ida Brook built it. ", "metadata": {}},
)
_LOFT = {"qid": "d1", "query_text": "Who built the mill?", "metadata": {"qrels": [["doc9", 1]]}}
FIXTURES["loft"] = {
    "data/rag/nq/32k/corpus.jsonl": _LOFT_CORPUS,
    "data/rag/nq/32k/dev_queries.jsonl": lines({**_LOFT, "answers": ["Ida Brook"]}),
    "data/rag/nq/32k/few_shot_queries.jsonl": lines({**_LOFT, "answers": ["Ida Brook"]}),
    "data/retrieval/fiqa/32k/corpus.jsonl": _LOFT_CORPUS,
    "data/retrieval/fiqa/32k/test_queries.jsonl": lines({**_LOFT, "answers": [["doc9", 1]]}),
    "data/sql/spider/32k/dev_queries.jsonl": lines({"qid": "d2", "query_text": "?", "answers": []}),
}
_LVEVAL = {"context": "Ida Brook built the mill.", "length": 16000, "confusing_facts": "Bo built it."}
FIXTURES["lveval"] = {
    "hotpotwikiqa_mixup_16k.jsonl": lines(
        {**_LVEVAL, "input": "Who?", "answers": ["It was Ida Brook"], "answer_keywords": "Ida Brook"}
    ),
    "hotpotwikiqa_mixup_32k.jsonl": lines(
        {**_LVEVAL, "input": "Who?", "answers": ["It was Ida Brook"], "answer_keywords": "Ida Brook"}
    ),
    "dureader_mixup_16k.jsonl": lines({**_LVEVAL, "input": "谁？", "answers": ["艾达"]}),  # noqa: RUF001
}
_LOOGLE = {"input": "Ida Brook built the mill. Bo built the wall.", "title": "Oare", "output": "none"}
FIXTURES["loogle"] = {
    "longdep_qa.jsonl": lines(
        {
            **_LOOGLE,
            "qa_pairs": repr(
                [
                    {
                        "Q": "Who built most?",
                        "A": "Ida, wasn't it",
                        "type": "Computation",
                        "S": ["Ida Brook built the mill.", "Bo built the wall."],
                    }
                ]
            ),
        }
    ),
    "shortdep_cloze.jsonl": lines(
        {
            **_LOOGLE,
            "qa_pairs": repr(
                [
                    {
                        "Q": "<mask-0> built <mask-1>.",
                        "A": {"<mask-0>": "Ida Brook", "<mask-1>": "Oare"},
                        "S": [],
                    }
                ]
            ),
        }
    ),
    "longdep_summarization.jsonl": lines({**_LOOGLE, "qa_pairs": "none", "output": "A mill and a wall."}),
}
_INFINITE = {"context": "A long text.", "options": []}
FIXTURES["infinitebench"] = {
    "passkey.jsonl": lines({**_INFINITE, "id": 0, "input": "What is the pass key?", "answer": ["71432"]}),
    "longbook_choice_eng.jsonl": lines(
        {**_INFINITE, "id": 0, "input": "Who?", "answer": ["Max"], "options": ["Ida", "Max", "Bo", "Eve"]}
    ),
    "longbook_sum_eng.jsonl": lines({**_INFINITE, "id": 0, "input": "", "answer": ["It is long."]}),
    "math_find.jsonl": lines(
        {
            **_INFINITE,
            "id": 0,
            "input": "Answer with one number. The largest number of the list is:",
            "answer": [7],
        }
    ),
    "math_calc.jsonl": lines({**_INFINITE, "id": 0, "input": "1 + 3 - 9", "answer": [1, 4, -5]}),
    "code_run.jsonl": lines(
        {**_INFINITE, "id": 0, "input": "The return value of func_3(-2)?", "answer": [5]}
    ),
}
FIXTURES["nolima"] = {
    "needlesets/needle_set.json": json.dumps(
        [
            {
                "id": "0401",
                "reasoning_type": "world_knowledge",
                "system_prompt": "",
                "needle": "Actually, {CHAR} lives beside the {1}.",
                "questions": {"onehop": "Which character has been to {2}?", "twohop": "Who has been to {3}?"},
                "character_set": ["Yuki", "Stuart", "Katie"],
                "tests": {"T01": {"input_args": ["old mill", "Oare", "Wiltshire"]}},
            }
        ]
    ),
    "haystack/rand_shuffle/book_1.txt": "A line of the book that is forty characters.\n" * 60,
}
FIXTURES["lciteeval"] = {
    "hotpotqa.json": json.dumps(
        [
            {
                "id": 1,
                "question": "Who built the mill?",
                "answer": "Ida Brook",
                "docs": [{"title": "Wall", "text": "Wall\nBo built it."}, "Ida Brook built the mill."],
                "length": 8000,
            }
        ]
    ),
    "counting_stars.json": json.dumps(
        [
            {
                "id": 1,
                "question": None,
                "answer": [3, 5],
                "docs": ["The little penguin counted 3 \u2605", "x", "The little penguin counted 5 \u2605"],
            }
        ]
    ),
    "dialsim.json": json.dumps(
        [
            {
                "id": 1,
                "question": "Ida: Who?",
                "answer": "Bo",
                "docs": ["Bo: I."],
                "role": "Max",
                "length": 8000,
            }
        ]
    ),
    "niah.json": json.dumps(
        [{"id": 1, "question": "Why?", "answer": "by wind", "docs": ["x", "It turns by wind."]}]
    ),
}
