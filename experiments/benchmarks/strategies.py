"""Run every strategy on the demo's data with a vLLM server, and write docs/strategies.md.

``--table-only`` writes the page's table of strategies anew and keeps the measured part.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import date
from pathlib import Path

from lcrag.experiment.registry import COMPONENTS
from lcrag.strategies.catalogue import table

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "strategies.md"
MARK = "## Measured"
HEAD = """# Strategies

One question, many ways to answer it. Each is a class in `lcrag/strategies/`, one file each; its fields are its keys in
YAML, and its docstring says what they mean. Prompts hold the document first and the question last, so that questions
on a document share its prefix.

In the table, D is the document's tokens, c a passage's or chunk's, N the chunks or parts of a document; questions,
instructions and answers are left out. What is read once a document (an index, a memory) is booked as `build` and
divided over the questions on it. Made by `python experiments/benchmarks/strategies.py --table-only`.

{table}

How passages stand in the prompt (`order`), truncation (`truncate`), reasoning before the answer (`reasoning: think`),
leave to decline (`allow_decline`) and a retriever of its own (`retriever`) are fields of the strategies they apply to.
`routed` lets a router choose among strategies for each question; it costs what the router and the chosen one cost.
Strategies with memories keep them in `built/memory.sqlite` of the run's folder: a killed run pays for nothing twice,
and a document that has grown costs only what is new.

"""
RUN = """{mark}

Made by `make strategies`: {questions} questions on {documents} documents of CPython's language reference,
SmolLM2-135M-Instruct in bfloat16 behind vLLM's OpenAI server on {cores} CPU cores, {when}, {minutes:.0f} minutes. The
model is far too small for most of these: the table shows what they cost and that they run, not which is best.

```
{table}
```

{failed}
"""


def measured() -> str:
    """Run experiments/strategies.yaml and describe what came out."""
    from vllm_server import vllm_server

    from lcrag.experiment.config import from_mapping, read
    from lcrag.readers.smollm2 import checkpoint

    config = ROOT / "experiments" / "strategies.yaml"
    spec = read(config)
    folder = ROOT / "runs"
    folder.mkdir(exist_ok=True)
    started = time.perf_counter()
    with vllm_server(checkpoint(), "smollm2", folder / "vllm.log") as base_url:
        spec["reader"] |= {"base_url": base_url, "tokenizer": str(checkpoint())}
        spec["output"] = str(ROOT / spec["output"])
        experiment = from_mapping(spec, str(config), config.parent)
        results = experiment.run(lambda row, resumed: _say(row))
    errors = [f"- {o.strategy}, {o.question_id}: {o.error}" for o in results.failed]
    return RUN.format(
        mark=MARK,
        questions=len(experiment.dataset.questions),
        documents=len(experiment.dataset.documents),
        cores=os.cpu_count(),
        when=date.today().isoformat(),
        minutes=(time.perf_counter() - started) / 60,
        table=str(results.comparison).strip(),
        failed="\n".join(["Failed:", "", *errors]) if errors else "No question failed.",
    )


def _say(row: object) -> None:
    sys.stderr.write(f"{row.strategy} {row.question_id} {row.error}\n")  # type: ignore[attr-defined]


def main() -> None:
    """Write the page."""
    old = PAGE.read_text("utf-8") if PAGE.exists() else ""
    kept = old[old.index(MARK) :] if MARK in old else ""
    run = kept if "--table-only" in sys.argv else measured()
    PAGE.write_text(HEAD.format(table=table(COMPONENTS["strategy"])) + run, "utf-8")


if __name__ == "__main__":
    main()
