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


FIXTURES: dict[str, dict[str, str]] = {}

_INN = "Hartman keeps the inn. The road is long. The bridge is old. The mill is shut. The frost is hard."
FIXTURES["lara"] = {
    "datasets/32k/book/The Inn.txt": _INN,
    "datasets/32k/paper/32k_paper_0.md": "<paper 0>\n# Kites\nKites fly.\n</end of paper 0>\n<paper 1>\n# Lamps\n"
    "Lamps shine.\n</end of paper 1>\n",
    "datasets/query/32k_book_location.jsonl": jsonl(
        {
            "type": "novelette_fake",
            "level": "location",
            "length": "32k",
            "file": "The Inn.txt",
            "context_order": 0,
            "question": "Who keeps the inn?",
            "answer": "Hartman keeps the inn.",
        },
        {
            "type": "novelette_fake",
            "level": "location",
            "length": "32k",
            "file": "Lost.txt",
            "context_order": 1,
            "question": "Who is lost?",
            "answer": "Nobody.",
        },
    ),
    "datasets/query/32k_book_hallu.jsonl": jsonl(
        {
            "type": "book",
            "level": "hallu",
            "length": "32k",
            "file": "The Inn.txt",
            "context_order": "full",
            "question": "Who built the bridge?",
            "answer": "The text does not say who built the bridge.",
        }
    ),
    "datasets/query/32k_paper_comp.jsonl": jsonl(
        {
            "type": "paper",
            "level": "comp",
            "length": "32k",
            "file": "32k_paper_0.md",
            "comp_parts": [0, 1],
            "question": "How do the things in paper 0 and paper 1 differ?",
            "answer": "Kites fly, lamps shine.",
        }
    ),
}

FIXTURES["nocha"] = {
    "books_txt/the_inn.txt": _INN,
    "data_sample/data_sample.json": json.dumps(
        [
            {
                "book_title": "the_inn",
                "claim": f"{name} keeps the inn.",
                "type": truth,
                "index": 7,
                "length": 24,
                "genre": "historical",
                "length_group": "below 75k",
                "response-gpt4o": "<answer>TRUE</answer>",
            }
            for name, truth in (("Hartman", True), ("Gordon", False))
        ]
    ),
}

FIXTURES["squality"] = {
    "data/v1-3/txt/test.jsonl": jsonl(
        {
            "metadata": {"passage_id": "7", "uid": "u", "license": "none"},
            "document": _INN,
            "questions": [
                {
                    "question_text": "What is the plot of the story?",
                    "question_number": 1,
                    "responses": [
                        {"worker_id": str(i), "uid": str(i), "response_text": f"{text} "}
                        for i, text in enumerate(
                            ["An inn is kept.", "A mill is shut.", "It freezes.", "A road goes on."]
                        )
                    ],
                }
            ],
        }
    )
}

FIXTURES["lost_in_the_middle"] = {
    "qa_data/nq-open-oracle.jsonl": jsonl(
        *(
            {
                "question": f"who keeps the {place}",
                "answers": [keeper],
                "ctxs": [{"title": place.title(), "text": f"{keeper} keeps the {place}.", "isgold": True}],
            }
            for place, keeper in (
                ("inn", "Hartman"),
                ("mill", "Gordon"),
                ("bridge", "Hartman"),
                ("well", "Moss"),
            )
        )
    ),
    "kv_retrieval_data/kv-retrieval-2_keys.jsonl": jsonl(
        {"ordered_kv_records": [["k1", "v1"], ["k2", "v2"], ["k3", "v3"]], "key": "k2", "value": "v2"}
    ),
}

FIXTURES["locomo"] = {
    "data/locomo10.json": json.dumps(
        [
            {
                "sample_id": "conv-1",
                "conversation": {
                    "speaker_a": "Ada",
                    "speaker_b": "Ben",
                    "session_1_date_time": "1:56 pm on 8 May, 2023",
                    "session_1": [
                        {"speaker": "Ada", "dia_id": "D1:1", "text": "I keep an inn and a mill."},
                        {
                            "speaker": "Ben",
                            "dia_id": "D1:2",
                            "text": "Look!",
                            "blip_caption": "a photo of a bridge",
                        },
                    ],
                },
                "qa": [
                    {
                        "question": "What does Ada keep?",
                        "answer": "inn, mill",
                        "evidence": ["D1:01"],
                        "category": 1,
                    },
                    {
                        "question": "When did Ben share it?",
                        "answer": 2023,
                        "evidence": ["D1:2"],
                        "category": 2,
                    },
                    {
                        "question": "What does Ben keep?",
                        "adversarial_answer": "an inn",
                        "evidence": ["D1:1"],
                        "category": 5,
                    },
                ],
            }
        ]
    )
}

FIXTURES["longmemeval"] = {
    "longmemeval_s_cleaned.json": json.dumps(
        [
            {
                "question_id": f"q1{suffix}",
                "question_type": "single-session-user",
                "question": "What do I keep?",
                "answer": "an inn",
                "question_date": "2023/05/30 (Tue) 23:40",
                "haystack_dates": ["2023/05/20 (Sat) 02:21", "2023/05/02 (Tue) 10:00"],
                "haystack_session_ids": ["answer_1", "other_1"],
                "haystack_sessions": [
                    [
                        {"role": "user", "content": "I keep an inn.", "has_answer": True},
                        {"role": "assistant", "content": "Good.", "has_answer": False},
                    ],
                    [{"role": "user", "content": "How long is the road?"}],
                ],
                "answer_session_ids": ["answer_1"],
            }
            for suffix in ("", "_abs")
        ]
    )
}

FIXTURES["qmsum"] = {
    "data/ALL/jsonl/test.jsonl": jsonl(
        {
            "general_query_list": [{"query": "Summarize the meeting.", "answer": "An inn was bought."}],
            "specific_query_list": [
                {"query": "What was bought?", "answer": "An inn.", "relevant_text_span": [["1", "2"]]}
            ],
            "meeting_transcripts": [
                {"speaker": "Chair", "content": "Welcome."},
                {"speaker": "Ada", "content": "I bought an inn."},
                {"speaker": "Ben", "content": "Good."},
            ],
        }
    )
}

_OPTIONS = {"a": "Flu", "b": "A cold", "c": "Gout", "d": "Nothing", "e": "Fever"}
FIXTURES["longhealth"] = {
    "data/benchmark_v5.json": json.dumps(
        {
            f"patient_0{i}": {
                "name": name,
                "texts": {"text_0": f"{name} has a cold since May.", "text_1": f"{name} is well."},
                "questions": [
                    {
                        "No": 0,
                        "question": f"What had {name}?",
                        **{f"answer_{label}": text for label, text in _OPTIONS.items()},
                        "correct": "A cold",
                        "answer_location": {"text_0": {"start": [0.0], "end": [0.5]}},
                    }
                ],
            }
            for i, name in ((1, "Mrs Moss"), (2, "Mr Hill"))
        }
    )
}

_TALKS = [
    {"conversation": [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello!"}]}
] * 12
_QUIET = {
    "preference": "I dislike noise.",
    "question": "Which inn should I take?",
    "explanation": "Quiet inns fit.",
}
FIXTURES["prefeval"] = {
    "benchmark_dataset/filtered_inter_turns.json": json.dumps(_TALKS),
    "benchmark_dataset/explicit_preference/travel_hotel.json": json.dumps([_QUIET]),
    "benchmark_dataset/mcq_options/travel_hotel.json": json.dumps(
        [_QUIET | {"classification_task_options": ["A quiet inn", "A loud inn", "A bar", "A club"]}]
    ),
    "benchmark_dataset/implicit_preference/choice-based/travel_hotel.json": json.dumps(
        [
            _QUIET
            | {
                "conversation": {
                    "query": "Which room?",
                    "assistant_options": "1. By the road 2. By the wood",
                    "user_selection": "The second, please.",
                    "assistant_acknowledgment": "Of course.",
                }
            }
        ]
    ),
    "benchmark_dataset/implicit_preference/persona-driven/travel_hotel.json": json.dumps(
        [
            _QUIET
            | {
                "persona": "a sleeper",
                "conversation": {
                    "0": {"user": "I sleep badly.", "assistant": "Why?"},
                    "1": {"user": "Noise.", "assistant": "I see."},
                },
            }
        ]
    ),
}

FIXTURES["beir"] = {
    "corpus.jsonl": jsonl(
        {"_id": "d1", "title": "Inn", "text": "Hartman keeps the inn."},
        {"_id": "d2", "title": "", "text": "Gordon keeps the mill."},
        {"_id": "d3", "title": "Bridge", "text": "Nobody keeps the bridge."},
    ),
    "queries.jsonl": jsonl({"_id": "q1", "text": "who keeps the inn"}, {"_id": "q2", "text": "not judged"}),
    "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td3\t1\nq1\td2\t0\n",
}

FIXTURES["longembed"] = {
    "qmsum/corpus.jsonl": jsonl({"doc_id": "a", "text": _INN}, {"doc_id": "b", "text": "The mill is shut."}),
    "qmsum/queries.jsonl": jsonl({"qid": "q", "text": "Who keeps the inn?"}),
    "qmsum/qrels.jsonl": jsonl({"qid": "q", "doc_id": "a"}),
    "passkey/corpus.jsonl": jsonl(
        *(
            {"doc_id": f"{n}-{i}", "text": f"Key {n}{i}.", "context_length": n}
            for n in (256, 512)
            for i in (0, 1)
        )
    ),
    "passkey/queries.jsonl": jsonl(*({"qid": f"q{n}", "text": f"Which key is {n}1?"} for n in (256, 512))),
    "passkey/qrels.jsonl": jsonl(*({"qid": f"q{n}", "doc_id": f"{n}-1"} for n in (256, 512))),
}

FIXTURES["loco"] = {
    "LoCoV1-Documents/documents/test_dataset.jsonl": jsonl(
        {"dataset": "qmsum", "pid": "p1", "passage": _INN},
        {"dataset": "qmsum", "pid": "p2", "passage": ""},
        {"dataset": "2wikimqa", "pid": "p1", "passage": "The mill is shut."},
    ),
    "LoCoV1-Queries/documents/test_dataset.jsonl": jsonl(
        {"dataset": "qmsum", "qid": "q1", "query": "Who keeps the inn?", "answer_pids": ["p1", "p2"]},
        {"dataset": "qmsum", "qid": "q2", "query": "What is lost?", "answer_pids": ["p2"]},
        {"dataset": "2wikimqa", "qid": "q1", "query": "Which mill?", "answer_pids": ["p1"]},
    ),
}

FIXTURES["table"] = {
    "test.jsonl": jsonl(
        {
            "id": "1",
            "question": "Who keeps the inn?",
            "context": _INN,
            "answers": ["Hartman"],
            "topic": "inns",
        }
    )
}
