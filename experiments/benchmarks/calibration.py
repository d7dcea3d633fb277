"""How well seconds at one length are predicted from seconds at others: SmolLM2-135M under transformers and vLLM.

    python experiments/benchmarks/calibration.py transformers
    python experiments/benchmarks/calibration.py vllm          # in the environment of `make test-vllm`

Documents of 1k to 8k tokens are read once by themselves (cold), then by a second and a third question (warm). A
calibration on ``FITTED`` lengths predicts the others, and each length is predicted from all others; the tables go into
docs/cost.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

from page import put

from lcrag.cost.calibration import Calibration, Measurement
from lcrag.cost.hardware import find_hardware
from lcrag.cost.model import ModelSpec
from lcrag.readers.base import Message, Request

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cost.md"
KEPT = ROOT / "runs" / "calibration"
LENGTHS = (1000, 2000, 3000, 4000, 6000, 7800)
FITTED = (1000, 2000, 4000)
REPEATS = 2
QUESTIONS = (
    ("What is this text about?", 16),
    ("Say what is said about names.", 64),
    ("What comes first?", 16),
)
ASKED = (*enumerate(QUESTIONS), *list(enumerate(QUESTIONS))[1:])  # the warm ones twice


def reader_of(kind: str) -> Any:
    if kind == "vllm":
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
        from lcrag.readers.vllm import VLLMReader

        return VLLMReader(max_model_len=8192)
    from lcrag.readers.transformers import TransformersReader

    return TransformersReader(batch_size=1, prefix_cache_gb=2)


def document(reader: Any, tokens: int) -> str:
    """The beginning of Python's language reference, that many tokens long."""
    text = "\n\n".join(topics[key] for key in sorted(topics))
    low, high = 0, 8 * tokens
    while high - low > 8:
        middle = (low + high) // 2
        if reader.count_tokens([Message("user", text[:middle])]) < tokens:
            low = middle
        else:
            high = middle
    return text[:low]


async def measured(reader: Any) -> dict[str, list[tuple[float, float, float, float]]]:
    """The fastest run of each question at each length, one request at a time; the warm ones are asked more often."""
    fastest: dict[str, list[tuple[float, float, float, float]]] = {}
    texts = {tokens: document(reader, tokens) for tokens in LENGTHS}

    async def ask(text: str, question: str, max_tokens: int, salt: str) -> tuple[float, float, float, float]:
        prompt = f"{text}\n\n{question}"
        request = Request([Message("user", prompt)], max_tokens, prefix_chars=len(text), cache_salt=salt)
        usage = (await reader.generate(request)).usage
        return usage.computed_tokens, usage.cached_tokens, usage.completion_tokens, usage.seconds

    await ask(texts[LENGTHS[0]], *QUESTIONS[0], "warm-up")
    for repeat in range(REPEATS):
        for tokens, text in texts.items():
            for i, (question, max_tokens) in ASKED:
                row = await ask(text, question, max_tokens, f"{repeat} {tokens}")
                best = fastest.setdefault(str(tokens), [])
                if len(best) == i:
                    best.append(row)
                elif row[3] < best[i][3]:
                    best[i] = row
                sys.stderr.write(f"{tokens} {row}\n")
    return fastest


def table(name: str, kept: dict[str, Any]) -> str:
    """The fitted calibration and its predictions, in Markdown."""
    spec, hardware = ModelSpec.from_config("smollm2"), find_hardware("cpu")
    rows = {int(k): [Measurement(*r) for r in v] for k, v in kept["rows"].items()}

    def fit(lengths: Sequence[int]) -> Calibration:
        return Calibration.fit([m for n in lengths for m in rows[n]], spec, hardware)

    short = fit(FITTED)
    lines = [
        f"**{name}** ({kept['where']}). Fitted on {', '.join(map(str, FITTED))} tokens: mfu {short.mfu:.3f}, attention "
        f"{short.attention_mfu:.3f}, mbu {short.mbu:.3f}, of the cache {short.attention_mbu:.3f}, "
        f"{1e3 * short.call_seconds:.0f} ms per call.",
        "",
        "| new | cached | written | measured s | fitted on short ones s | error | fitted on the others s | error |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    errors: dict[str, list[float]] = {"short ones": [], "the others": []}
    for length, measurements in rows.items():
        fits = {
            "short ones": None if length in FITTED else short,
            "the others": fit([n for n in rows if n != length]),
        }
        for m in measurements:
            cells = []
            for kind, fitted in fits.items():
                if fitted is None:
                    cells.append("| |")
                    continue
                seconds = fitted.predict(m, spec, hardware)
                errors[kind].append(seconds / m.seconds - 1)
                cells.append(f"{seconds:.2f} | {seconds / m.seconds - 1:+.0%} |")
            amounts = f"| {m.new:.0f} | {m.cached:.0f} | {m.completion:.0f} | {m.seconds:.2f} | "
            lines.append(amounts + " ".join(cells))
    for kind, shares in errors.items():
        within = sum(abs(e) <= 0.2 for e in shares)
        mean, worst = sum(map(abs, shares)) / len(shares), max(shares, key=abs)
        lines += [
            "",
            f"Fitted on {kind}: mean error {mean:.1%}, {within} of {len(shares)} within 20%, worst {worst:+.1%}.",
        ]
    return "\n".join(lines)


def write() -> None:
    """Put the tables of all readers measured so far into docs/cost.md."""
    parts = [table(path.stem, json.loads(path.read_text())) for path in sorted(KEPT.glob("*.json"))]
    put(PAGE, "calibration", "\n\n".join(parts))


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "transformers"
    if kind != "write":
        rows = asyncio.run(measured(reader_of(kind)))
        threads = os.environ.get("OMP_NUM_THREADS", "all")
        where = f"{platform.machine()}, {os.cpu_count()} cores, {threads} OpenMP threads, {date.today()}"
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{kind}.json").write_text(json.dumps({"where": where, "rows": rows}, indent=1))
    write()


if __name__ == "__main__":
    main()
