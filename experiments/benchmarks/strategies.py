"""Run every strategy on the demo's data with a vLLM server, and write the measured part of docs/strategies.md."""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from lcrag.components import find, names

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "strategies.md"
MARK = "## Measured"
RUN = """{mark}

Made by `make strategies`: {questions} questions on {documents} documents of CPython's language reference,
SmolLM2-135M-Instruct in bfloat16 behind vLLM's OpenAI server on {cores} CPU cores, {when}, {minutes:.0f} minutes. The
model is far too small for most of these: the table shows what they cost and that they run, not which is best.

```
{table}
```

{failed}
"""


def all_strategies(special: Sequence[Any]) -> list[dict[str, Any]]:
    """Every strategy with its defaults, then the special settings of experiments/strategies.yaml.

    A special setting without a ``name`` takes the place of the defaults. A strategy that cannot be made without
    settings, such as a cascade, is there only as the special settings have it.
    """
    settings = [{"type": s} if isinstance(s, str) else dict(s) for s in special]
    replaced = {s["type"] for s in settings if "name" not in s}
    defaults = [n for n in names("strategy") if n not in replaced and _has_defaults(n)]
    return [*({"type": name} for name in defaults), *settings]


def _has_defaults(name: str) -> bool:
    parameters = inspect.signature(find("strategy", name)).parameters.values()
    return all(p.default is not p.empty for p in parameters)


def measured() -> str:
    """Run all strategies on the data of experiments/strategies.yaml and describe the results."""
    from vllm_server import vllm_server

    from lcrag.components.yaml_file import read_yaml
    from lcrag.experiment.config import from_mapping
    from lcrag.readers.smollm2 import checkpoint

    config = ROOT / "experiments" / "strategies.yaml"
    spec = read_yaml(config)
    spec["strategies"] = all_strategies(spec["strategies"])
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
    """Write the measured part; the rest of the page stays."""
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page[: page.index(MARK)] + measured(), "utf-8")


if __name__ == "__main__":
    main()
