"""What 10 million questions on a billion chunks take, derived from what was measured: docs/scale.md.

    python -m experiments.benchmarks.scale_plan             # rewrite the plan from the measured figures
    python -m experiments.benchmarks.scale_plan --measure   # measure lcrag's own figures again first

What was measured stands in docs/benchmarks.md (embedding, FAISS), in docs/cost.md (rates of vLLM) and in docs/scale.md
itself (lcrag's own work for a row). Each line of the plan shows its arithmetic.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from experiments.benchmarks.overhead import dataset_of, instant_reader
from lcrag import Experiment
from lcrag.cost.encoder import EncoderSpec
from lcrag.cost.hardware import find_hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.roofline import concurrency, decode_seconds, prefill_seconds
from lcrag.strategies import ChunkedRetrieval, ClosedBook
from retrievers.bm25 import BM25Retriever
from retrievers.vectors import factory_for

DOCS = Path(__file__).parents[2] / "docs"
QUESTIONS, CHUNKS, CHUNK_TOKENS, DIMENSION = 10_000_000, 1_000_000_000, 256, 384
PROMPT, ANSWER = 5 * CHUNK_TOKENS + 100, 48  # tokens of a retrieval prompt with k = 5, and of an answer
DOCUMENT, ON_A_DOCUMENT = 100_000, 10  # tokens, and questions on each document, for long context
BATCH = 64  # sequences that are decoded together, as VLLMReader's max_concurrency
USD_PER_HOUR = 2.5  # of an H100, as in docs/cost.md's example
SHARD = 200_000  # questions of one driver
MINILM = EncoderSpec(6, 384, 1536)


@dataclass(frozen=True)
class Measured:
    """Figures that were measured.

    Attributes:
        embed_seconds: Seconds to embed ``embed_tokens`` tokens in texts of mixed lengths, on two cores.
        embed_tokens: Their number.
        embed_texts: How many texts they are in.
        index_gb: GB of a FAISS index of a million vectors of 384 numbers.
        build_seconds: Seconds to build it.
        query_seconds: Seconds to search it, at a recall@10 of 0.99.
        mfu: Utilisation by the products with weights, of vLLM.
        attention_mfu: Utilisation by attention over a prompt.
        mbu: Utilisation of the memory's bandwidth by the weights while an answer is written.
        attention_mbu: The same by the KV cache.
        row_ms: lcrag's own CPU milliseconds for a row.
        row_bytes: Bytes that a row leaves in the run's folder.
        row_memory: Bytes of the driver's memory for a row.
    """

    embed_seconds: float
    embed_tokens: float
    embed_texts: float
    index_gb: float
    build_seconds: float
    query_seconds: float
    mfu: float
    attention_mfu: float
    mbu: float
    attention_mbu: float
    row_ms: float
    row_bytes: float
    row_memory: float


def read_measured(own: Mapping[str, float]) -> Measured:
    """The figures of the guides; ``own`` are those of ``measure``."""
    benchmarks, cost = ((DOCS / name).read_text("utf-8") for name in ("benchmarks.md", "cost.md"))

    def number(pattern: str, text: str) -> list[float]:
        match = re.search(pattern, text)
        if match is None:
            raise SystemExit(f"docs have no figure for {pattern}")
        return [float(x) for x in match.groups()]

    texts, seconds = number(r"embedding, sorted input, (\d+) texts \| ([\d.]+) s", benchmarks)
    build, query = number(
        r"MiniLM's embeddings of text \| IVF4096,Flat \| (\d+) s \|.*?\| ([\d.]+) ms \|", benchmarks
    )
    (size,) = number(r"Each index takes ([\d.]+) GB", benchmarks)
    rates = number(
        r"\*\*vllm\*\*.*mfu ([\d.]+), attention ([\d.]+), mbu ([\d.]+), of the cache ([\d.]+)", cost
    )
    return Measured(
        seconds, own["embed_tokens"], texts, size, build, query / 1000, *rates, own["row_ms"], own["row_bytes"],
        own["row_memory"],
    )  # fmt: skip


def measure(questions: int) -> dict[str, float]:
    """lcrag's own work for a row, with a reader that answers at once, and the tokens of the texts that were embedded.

    What a run has once, such as its report, is left out by the difference of two runs.
    """
    from embedders import SentenceTransformerEmbedder
    from experiments.benchmarks.speed import texts

    strategies = [ClosedBook(), ChunkedRetrieval(k=5)]
    with tempfile.TemporaryDirectory() as folder:

        def run(name: str, count: int) -> tuple[float, float, float]:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            experiment = Experiment(
                dataset_of(count, 5, 5000), instant_reader(), strategies, retriever=BM25Retriever(),
                output=Path(folder) / name, mlflow=False,
            )  # fmt: skip
            started = time.process_time()
            experiment.run()
            seconds = time.process_time() - started
            size = sum(f.stat().st_size for f in (Path(folder) / name).rglob("*") if f.is_file())
            return seconds, size, 1024.0 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

        run("warm", 20)
        small, large = run("small", questions // 4), run("large", questions)
    rows = 2 * (
        questions - questions // 4
    )  # what both runs have once, such as the report, is in neither figure
    return {
        "row_ms": round(1000 * (large[0] - small[0]) / rows, 2),
        "row_bytes": round((large[1] - small[1]) / rows),
        "row_memory": round(large[2] / rows),
        "embed_tokens": SentenceTransformerEmbedder().count_tokens(texts(400)),
    }


def plan(m: Measured) -> list[tuple[str, str, str]]:
    """What it takes: what, how it follows, how much."""
    gpu = replace(
        find_hardware("h100"),
        mfu=m.mfu,
        attention_mfu=m.attention_mfu,
        mbu=m.mbu,
        attention_mbu=m.attention_mbu,
    )
    lines: list[tuple[str, str, str]] = []

    def line(what: str, arithmetic: str, result: str) -> None:
        lines.append((what, arithmetic, result))

    reached = m.embed_texts * MINILM.flops(m.embed_tokens / m.embed_texts) / m.embed_seconds
    line("embedder's rate, measured on two cores",
         f"{m.embed_tokens:,.0f} tokens, {reached * m.embed_seconds / 1e9:,.0f} GFLOP / {m.embed_seconds} s",
         f"{m.embed_tokens / m.embed_seconds:,.0f} tokens/s, {reached / 1e9:,.0f} GFLOP/s")  # fmt: skip
    flops = CHUNKS * MINILM.flops(CHUNK_TOKENS)
    hours = flops / reached / 3600
    line("embed the corpus on such machines",
         f"{CHUNKS:,} chunks x {MINILM.flops(CHUNK_TOKENS) / 1e9:.1f} GFLOP / {reached / 1e9:,.0f} GFLOP/s",
         f"{hours:,.0f} hours of two cores; a day on {ceil(hours / 24):,}")  # fmt: skip
    gpu_hours = flops / (gpu.flops * m.mfu) / 3600
    line("the same on H100s", f"{flops:.2e} FLOP / ({gpu.flops / 1e12:,.0f} TFLOP/s x {m.mfu:.0%})",
         f"{gpu_hours:,.1f} GPU hours, ${gpu_hours * USD_PER_HOUR:,.0f}")  # fmt: skip
    flat = CHUNKS / 1e6 * m.index_gb
    line(
        "vectors, exact or in lists",
        f"{CHUNKS / 1e6:,.0f} million x {m.index_gb} GB",
        f"{flat / 1000:.2f} TB",
    )
    factory = factory_for(CHUNKS, DIMENSION)
    parts = int(re.search(r"PQ(\d+)x4", factory)[1])  # type: ignore[index]
    compressed = CHUNKS * (parts / 2 + 8) / 1e9
    line(
        "vectors, compressed",
        f"{factory}: {parts} x 4 bits + 8 bytes of id per vector",
        f"{compressed:,.0f} GB",
    )
    line("texts in the database", f"{CHUNKS:,} x {CHUNK_TOKENS} tokens x 4 bytes",
         f"{CHUNKS * CHUNK_TOKENS * 4 / 1e12:.2f} TB")  # fmt: skip
    build = CHUNKS / 1e6 * m.build_seconds / 3600
    line(
        "build the lists",
        f"{CHUNKS / 1e6:,.0f} million x {m.build_seconds:.0f} s",
        f"{build:,.1f} machine hours",
    )
    search = CHUNKS / 1e6 * m.query_seconds
    line("one search of everything, lists", f"{CHUNKS / 1e6:,.0f} million x {m.query_seconds * 1000:.1f} ms",
         f"{search:.1f} machine seconds; {search / 100:.2f} s on 100 machines")  # fmt: skip
    line("all searches, lists", f"{QUESTIONS:,} x {search:.1f} s / 3,600",
         f"{QUESTIONS * search / 3600:,.0f} machine hours")  # fmt: skip
    spec = ModelSpec.from_config("llama-3.1-8b")
    prefill = prefill_seconds(spec, gpu, PROMPT)
    written = decode_seconds(spec, gpu, ANSWER, PROMPT, BATCH) / BATCH
    reading = QUESTIONS * (prefill + written) / 3600
    line("retrieval read by Llama-3.1-8B, H100",
         f"{QUESTIONS:,} x (prefill of {PROMPT:,} tokens {prefill * 1000:.1f} ms + {ANSWER} tokens in batches of "
         f"{BATCH} {written * 1000:.1f} ms)", f"{reading:,.0f} GPU hours, ${reading * USD_PER_HOUR:,.0f}")  # fmt: skip
    users = max(1, concurrency(spec, gpu, DOCUMENT))
    cold = prefill_seconds(spec, gpu, DOCUMENT)
    together = min(users, BATCH)
    later = (
        prefill_seconds(spec, gpu, 50, DOCUMENT)
        + decode_seconds(spec, gpu, ANSWER, DOCUMENT, together) / together
    )
    whole = QUESTIONS * (cold / ON_A_DOCUMENT + later) / 3600
    line("long context read by the same",
         f"{QUESTIONS:,} x (prefill of {DOCUMENT:,} tokens {cold:.1f} s / {ON_A_DOCUMENT} questions on a document + "
         f"{later:.2f} s warm, {together} at a time)",
         f"{whole:,.0f} GPU hours, ${whole * USD_PER_HOUR:,.0f}")  # fmt: skip
    driver = QUESTIONS * m.row_ms / 1000 / 3600
    line(
        "the driver's own work, per strategy",
        f"{QUESTIONS:,} rows x {m.row_ms} ms",
        f"{driver:,.1f} core hours",
    )
    line("journals, per strategy", f"{QUESTIONS:,} rows x {m.row_bytes:,.0f} bytes",
         f"{QUESTIONS * m.row_bytes / 1e9:,.0f} GB")  # fmt: skip
    line("the driver's memory, in one run", f"{QUESTIONS:,} rows x {m.row_memory:,.0f} bytes",
         f"{QUESTIONS * m.row_memory / 1e9:,.0f} GB: too much for one run")  # fmt: skip
    line("drivers", f"{QUESTIONS:,} / {SHARD:,} questions; {SHARD:,} rows x {m.row_memory:,.0f} bytes = "
         f"{SHARD * m.row_memory / 1e9:.1f} GB each", f"{ceil(QUESTIONS / SHARD)} runs")  # fmt: skip
    return lines


def table(m: Measured) -> str:
    """The plan as Markdown."""
    rows = [f"| {what} | {arithmetic} | {result} |" for what, arithmetic, result in plan(m)]
    return "\n".join(["| what | from | takes |", "|---|---|---|", *rows])


def renewed(text: str) -> str:
    """docs/scale.md with its plan made again from the measured figures that stand in it and in the other guides."""
    own = json.loads(re.search(r"<!-- measured: (\{.*?\}) -->", text)[1])  # type: ignore[index]
    block = f"<!-- plan -->\n{table(read_measured(own))}\n<!-- end of plan -->"
    return re.sub(r"<!-- plan -->.*<!-- end of plan -->", lambda _: block, text, flags=re.DOTALL)


def main() -> None:
    """Rewrite docs/scale.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--measure", type=int, nargs="?", const=4000, help="questions to measure lcrag's own work on"
    )
    given = parser.parse_args()
    page = DOCS / "scale.md"
    text = page.read_text("utf-8")
    if given.measure:
        own = json.dumps(measure(given.measure))
        text = re.sub(r"<!-- measured: .*? -->", f"<!-- measured: {own} -->", text)
    page.write_text(renewed(text), "utf-8")
    sys.stdout.write(f"{page} is written.\n")


if __name__ == "__main__":
    main()
