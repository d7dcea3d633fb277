"""HoloBench: questions over a whole database that was written out in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

_PROMPT = """You'll be given a set of sentences to read through carefully. Once you've reviewed them, I'll ask you a \
question related to the information in those sentences. Your job is to think critically about the details, analyze the \
sentences in relation to the question, and then provide your answer. If the information clearly supports a partial \
answer, provide that. However, if the evidence is unclear or insufficient, it is okay to respond with "No answer."

**Input:**
- **Sentences:**
```
{context}
```

- **Question:**
```
{question}
```

**Response:**
- **Reasoning:**
  - [Describe how you thought through the sentences and how they helped you reach your conclusion. If the evidence is \
unclear or insufficient to provide a reliable answer, explain why. Your reasoning should not exceed 10,000 words.]
- **Answer:** [Provide an answer only if it is clearly supported by the information in the sentences. If the evidence \
is unclear or insufficient, respond with "No answer."]"""
KINDS = (  # of a query, by what stands in it; the first that fits
    ("top_k", " limit "),
    ("max_min", "max("),
    ("max_min", "min("),
    ("aggregation", "count("),
    ("aggregation", "sum("),
    ("aggregation", "avg("),
    ("aggregation", " group by "),
    ("ordering", " order by "),
    ("join", " join "),
    ("filter", " where "),
)


def items(row: Row) -> Iterator[Item]:
    """A question with its context and its table."""
    gold = row["gold"]
    rows = row.literal("gold") if isinstance(gold, str) else row.rows("gold")
    table = [dict(r.values) for r in rows] if isinstance(rows, list) else [dict(rows.values)]
    query = f" {row.text('query', '')} ".lower()
    yield Item(
        row.text("question"),
        row.text("context"),
        "query",
        (json.dumps(table, ensure_ascii=False, default=str),),
        kind=next((kind for kind, sign in KINDS if sign in query), "lookup") if query.strip() else "",
        metadata={key: row.values[key] for key in ("db_id", "max_context_size", "info_amount") if key in row},
    )


BENCHMARK = Benchmark(
    name="holobench",
    title="HoloBench",
    paper="Maekawa et al. 2024, arXiv 2410.11996",
    licence="see the repository: of the databases' own authors",
    source="github.com/megagonlabs/holobench (load_context, saved as records)",
    files=("**/*.jsonl", "**/*.json", "**/*.csv", "**/*.parquet"),
    tasks={
        "query": Task(
            "query",
            instruction='Answer only what the sentences clearly support; otherwise say "No answer."',
            allow_decline=True,
            template=_PROMPT,
            metric="holobench",
        )
    },
    items=items,
    note="The authors' `load_context` makes context and table when it runs: save records with `question`, `context`, "
    "`gold` (rows as JSON) and perhaps `query`, the SQL, which tells the kind of question. The authors score by a "
    "judge whose labels are not summed up in their repository; here values are looked for in the reply. Not tried "
    "on files that their code has made.",
)


def load_holobench(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """HoloBench (Maekawa et al. 2024, arXiv 2410.11996), from contexts that the authors' code has made.

    Args:
        path: The folder with the records.
        tasks: ``query``; empty for the same.
        limit: The first so many questions.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
