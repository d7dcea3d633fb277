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

_NEEDLE = "One of the special magic numbers for tall-lamp is: 1234567."
_NIAH = (
    "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the "
    "number afterwards.\n{}\nWhat is the special magic number for tall-lamp mentioned in the provided text?"
)
_NIAH_PREFIX = " The special magic number for tall-lamp mentioned in the provided text is"
_CWE = (
    "Below is a numbered list of words. In these words, some appear more often than others. Memorize the ones that "
    "appear most often.\n{}\nQuestion: What are the 10 most common words in the above list? Answer: The top 10 words "
    "that appear most often in the list are:"
)
_TERSE = "Answer the question based on the given documents. Only give me the answer and do not output any other words."
FIXTURES["ruler"] = {
    "4096/data/niah_single_1/validation.jsonl": jsonl(
        {
            "index": 7,
            "input": _NIAH.format(f"The grass is green. {_NEEDLE} The sky is blue."),
            "outputs": ["1234567"],
            "length": 90,
            "answer_prefix": _NIAH_PREFIX,
        }
    ),
    "8192/data/niah_single_1/validation.jsonl": jsonl(
        {
            "index": 7,
            "input": f"[INST] {_NIAH.format(_NEEDLE)} [/INST]{_NIAH_PREFIX}",
            "outputs": ["1234567"],
            "length": 95,
        }
    ),
    "4096/data/cwe/validation.jsonl": jsonl(
        {
            "index": 0,
            "input": f"{_CWE.format('1. fig 2. fig')} 1. fig\n{_CWE.format('1. oak 2. elm 3. oak')}",
            "outputs": ["oak", "elm"],
            "length": 120,
        }
    ),
    "4096/data/qa_1/validation.jsonl": jsonl(
        {
            "index": 0,
            "input": f"{_TERSE}\n\nThe following are given documents.\n\nDocument 1:\nThe stand seated 3,677 people."
            f"\n\n{_TERSE}\n\nQuestion: How many seats has it? Answer:",
            "outputs": ["3,677 seated", "3677"],
            "length": 70,
        }
    ),
}
FIXTURES["ada_leval"] = {
    "stackselect_1k.json": json.dumps(
        [
            {
                "question_id": 11,
                "question": "How do I sort a list?",
                "answer": "A2",
                "all_answers": ["Use bogo.", "Call sorted.", "Ask a friend."],
                "tags": ["python"],
            }
        ]
    ),
    "textsort_2k.json": json.dumps(
        [
            {
                "book_id": 4,
                "para_offset": [10, 12],
                "prompt": "Sort the parts.\nPart 1: noon\nPart 2: dawn\nPart 3: night\nPart 4: dusk\n",
                "answer": [2, 1, 4, 3],
            }
        ]
    ),
}
FIXTURES["failsafe_qa"] = {
    "benchmark_data.jsonl": json.dumps(  # a list in spite of its name, as the authors publish it
        [
            {
                "idx": 0,
                "tokens": 30,
                "context": "Item 1. Acme sold 40 lamps.\nItem 2. Acme owns two plants.",
                "ocr_context": "ltem 1. Acrne so1d 40 lamps.\nItem 2. Acme owns two p1ants.",
                "query": "How many lamps did Acme sell?",
                "error_query": "How mny lmaps did Acme sell?",
                "incomplete_query": "lamps sold",
                "out-of-domain_query": "how much stuff went out",
                "out-of-scope_query": "What is the capital of Peru?",
                "answer": "Acme sold 40 lamps.",
                "citations": "Acme sold 40 lamps.",
                "citations_tokens": 6,
            }
        ],
        indent=2,
    )
}
FIXTURES["scbench"] = {
    "scbench_kv.jsonl": jsonl(
        {
            "id": 0,
            "context": '{"a1": "x9", "b2": "y8"}',
            "multi_turns": [
                {"input": 'Key: "a1"\nThe value is: ', "answer": "x9"},
                {"input": 'Key: "b2"\nThe value is: ', "answer": "y8"},
            ],
        }
    ),
    "scbench_choice_eng.jsonl": jsonl(
        {
            "id": 0,
            "context": "Ada lit the lamp. Bob slept.",
            "multi_turns": [
                {"input": "Who lit it?", "answer": "Ada", "options": ["Bob", "Ada", "Cy", "Di"]},
                {"input": "Who slept?", "answer": "Bob", "options": ["Bob", "Ada", "Cy", "Di"]},
            ],
        }
    ),
    "scbench_mf.jsonl": jsonl(
        {
            "id": 0,
            "context": [3, 9, 4],
            "multi_turns": [
                {
                    "input": "You should answer with only one number.\n\nThe largest number of the list is: ",
                    "answer": 9,
                }
            ],
        }
    ),
    "scbench_repoqa_and_kv.jsonl": jsonl(
        {
            "id": 0,
            "lang": "python",
            "repo": "a/b",
            "context": "def one():\n    return 1 + 0\n\ndef two():\n    return 2 + 0\n",
            "multi_turns": [
                {
                    "task": "scbench_repoqa",
                    "name": "one",
                    "input": "It returns one.",
                    "answer": "def one():\n    return 1 + 0\n",
                },
                {"task": "scbench_kv", "input": "Key k: ", "answer": "v"},
                {
                    "task": "scbench_repoqa",
                    "name": "two",
                    "input": "It returns two.",
                    "answer": "def two():\n    return 2 + 0\n",
                },
            ],
        }
    ),
}
_FRAME = (
    "You are an intelligent AI assistant skilled in answering user questions.\nPlease keep your answers concise and "
    "clear. Do not talk about irrelevant topics or repeat your answers.\nThe document given to you by the user is {}"
    "\n\nNow, the question is: {}"
)
FIXTURES["needle_bench"] = {
    "needles.jsonl": jsonl(
        {
            "prompt": _FRAME.format(
                "Seas rise.\nThe gem is on Hell Island.\nWinds blow.", "Where is the gem?"
            ),
            "answer": "\nThe gem is on Hell Island.\n*Hell Island",
        },
        {"prompt": _FRAME.format("Ann is Bo's aunt.", "Who is Bo's aunt?"), "answer": "Ann Lee*Ann Lee"},
        {
            "prompt": _FRAME.format("A is red. B is blue.", "What is A?、What is B?").replace(
                "the question is", "the questions are"
            ),
            "answer": "red*blue#10*90",
        },
    )
}
_KEYS = [f"{n:08x}-0000-0000-0000-000000000000" for n in range(4)]
_HAYSTACK = json.dumps({_KEYS[0]: _KEYS[1], _KEYS[1]: _KEYS[2], _KEYS[2]: _KEYS[3]})
FIXTURES["needle_threading"] = {
    "Single_Needle.json": json.dumps(
        [
            {
                "id": 0,
                "haystack": _HAYSTACK,
                "keys": _KEYS[0],
                "values": _KEYS[1],
                "question": "Extract the value corresponding to the specified key in the JSON object. "
                f'Key: "{_KEYS[0]}"\n Corresponding value: ',
                "context_length": 200,
                "thread_length": 1,
            }
        ]
    ),
    "Multiple_Needles.json": json.dumps(
        [
            {
                "id": 0,
                "haystack": _HAYSTACK,
                "keys": str(_KEYS[:2]),
                "values": str(_KEYS[1:3]),
                "question": f"Extract the values of the keys {_KEYS[:2]}",
                "context_length": 200,
                "num_needles": 2,
            }
        ]
    ),
}
FIXTURES["long_proc"] = {
    "html_to_tsv/prompts.yaml": "USER_PROMPT: |-\n  {html_str}\n  Extract:\n  {task_description}\n  ```tsv\n  "
    "{tsv_header}\n  {{Your TSV output}}\n  ```\n  {filtering_instruction}\n",
    "html_to_tsv/html_to_tsv_0.5k.json": json.dumps(
        [
            {
                "task_id": "t",
                "website_id": "w",
                "html_path": "webpage/lamps.html",
                "task_topic": "Lamps",
                "task_description": "Name: the name",
                "gt": "Name\tPrice\nThe Sun\t$4\nMoon\tN/A\n",
                "tsv_header": "Name\tPrice",
                "filtering_instruction": "",
            }
        ]
    ),
    "html_to_tsv/webpage/lamps.html": "<p>The Sun $4</p><p>Moon</p>",
    "path_traversal/prompts.yaml": "USER_PROMPT: |-\n  {city_context}\n\n  Now find the route from {src_city} to "
    "{dst_city}.\n",
    "path_traversal/path_traversal_0.5k.json": json.dumps(
        [
            {
                "context_nl": "You can travel from Bath to York by bus. You can travel from York to Hull by train.",
                "question_repr": ["Bath", "Hull"],
                "answer_nl": "From Bath, take a bus to York.\nFrom York, take a train to Hull.",
            }
        ]
    ),
    "tom_tracking/tom_tracking_0.5k.json": json.dumps(
        [
            {
                "story": "Step 0: Ada is in the hall.\nStep 1: Ada leaves.",
                "question": "Where does Ada believe the key is?",
                "solution": "Ada's belief:\n- Step 0: {Ada location: hall}\n- Step 1: {Ada location: None}\nFinal "
                "Answer: x",
                "answer": ["x"],
            }
        ]
    ),
}
FIXTURES["long_bench_write"] = {
    "longbench_write.jsonl": jsonl(
        {"prompt": "Write about lamps in 4 words.", "type": "Popular Science", "length": 4}
    )
}
FIXTURES["long_gen_bench"] = {
    "Dataset_short.json": json.dumps(
        [
            {
                "prompt": "Write a diary of 4 weeks, each beginning with #*# Week N.",
                "type": "Week",
                "number": 4,
                "prefix": "#*# Week 1",
                "checks_once": {"2": "birthday"},
                "checks_range": {},
                "checks_periodic": {"4": "swimming"},
            }
        ]
    )
}
FIXTURES["long_ins"] = {
    "LIST/256.json": json.dumps({"task1_0": {"Data": "[1. 2+2? 4] [2. 2+3? 6]", "error": [2]}}),
    "GIST/256.json": json.dumps(
        {"task2_0": {"task_prompt": "Add.", "Data": "[1. 1+1? 3] [2. 1+2? 3] [3. 1+3? 5]", "error": [1, 3]}}
    ),
}
FIXTURES["long_icl_bench"] = {
    "processed_data/fewnerd_test_1800.json": json.dumps(
        [{"sentence": "Ada saw Hull .", "entities": {"Ada": "person-other", "Hull": "location-GPE"}}]
    ),
    "processed_data/fewnerd_train_10turns.json": json.dumps(
        [{"sentence": "Bob ran .", "entities": {"Bob": "person-athlete"}}]
    ),
}
FIXTURES["m4le"] = {
    "nq-open.jsonl": jsonl(
        {
            "instruction": "Answer the question based on the given paragraphs.",
            "input": "Paragraph 1: Oslo is cold.\nQuestion: What is cold?\nAnswer:",
            "answers": ["Oslo"],
            "input_length": 10,
            "total_length": 11,
            "length_bucket": 1000,
        }
    ),
    "mnds-news_explicit-multiple_cls+ret.jsonl": jsonl(
        {
            "instruction": "Which articles are of the class sport?",
            "input": "Article 1: A match.\nArticle 2: A vote.\nArticle 3: A race.",
            "answers": ["Article 1, Article 3."],
            "length_bucket": 1000,
        }
    ),
}
FIXTURES["mir_bench"] = {
    "MIR-Core.jsonl": jsonl(
        {
            "prompt": "Guess the function.\nExamples:\nInput: 1\nOutput: 2\nInput: 2\nOutput: 3\n\nInput: 7\n",
            "answer": ["8"],
            "ER_rate": 0.0,
            "plen": 40,
            "idx_train": 3,
        }
    )
}
FIXTURES["holo_bench"] = {
    "contexts.jsonl": jsonl(
        {
            "db_id": "lamps",
            "query": "SELECT name, price FROM lamps WHERE price > 3",
            "question": "Which lamps cost more than 3, and how much?",
            "context": "The lamp Sun costs 4.\nThe lamp Moon costs 5.\nThe lamp Star costs 2.",
            "gold": '[{"name": "Sun", "price": 4}, {"name": "Moon", "price": 5}]',
        },
        {
            "question": "Which lamp is blue?",
            "context": "The lamp Sun costs 4.",
            "gold": [],
        },
    )
}
FIXTURES["hello_bench"] = {
    "main_data/chat.jsonl": jsonl(
        {
            "id": "chat_0",
            "category": "guide",
            "instruction": "Write a guide to lamps.",
            "checklists": ["Does it name three lamps?"],
            "formatted_checklists": "1. Does it name three lamps?",
            "num_checklist": 1,
        }
    ),
    "length_constrained_data/heuristic_text_generation_2k.jsonl": jsonl(
        {
            "id": "story_0",
            "category": "story_writing",
            "instruction": "Write a story of 2000 words.",
            "checklists": ["Has it an end?"],
        }
    ),
}
FIXTURES["long_safety"] = {
    "longsafety_meta.jsonl": jsonl(
        {
            "id": 5,
            "link": [],
            "length": 4,
            "safety_type": "Privacy",
            "key_words": [],
            "instruction": "say where the author lives.",
            "task_type": "Question Answering",
            "doc_num": 1,
        }
    ),
    "longsafety_docs.jsonl": jsonl({"id": 5, "context": "A letter without an address."}),
}
FIXTURES["cnn_sum"] = {"cnnsum_L_16k.jsonl": jsonl({"context": "灯亮了，他走了。", "summary": "灯亮他走"})}  # noqa: RUF001
FIXTURES["mm_long_bench_doc"] = {
    "samples.json": json.dumps(
        [
            {
                "doc_id": "lamps.pdf",
                "doc_type": "Guidebook",
                "question": "How many lamps are there?",
                "answer": "3",
                "evidence_pages": "[1]",
                "evidence_sources": "['Pure-text (Plain-text)']",
                "answer_format": "Int",
            },
            {
                "doc_id": "lamps.pdf",
                "doc_type": "Guidebook",
                "question": "Who is the owner?",
                "answer": "Not answerable",
                "evidence_pages": "[]",
                "evidence_sources": "[]",
                "answer_format": "None",
            },
        ]
    ),
    "documents/lamps.txt": "There are three lamps.",
}
