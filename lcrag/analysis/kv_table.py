"""KV cache methods beside retrieval, by the cost model: bytes, users, seconds."""

from __future__ import annotations

from lcrag.analysis.cost_curve import cell
from lcrag.cost import roofline as r
from lcrag.cost.amortisation import linear_cost, seconds_cost
from lcrag.cost.compression import DENSE, KVShares, kv_methods
from lcrag.cost.hardware import Hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.workload import Approach, Workload, approaches
from lcrag.tables import aligned, human, many

HEADS = (
    "long context with",
    "stored",
    "read",
    "KV bytes",
    "users",
    "switch s",
    "ms/token",
    "first",
    "each later",
)


def kv_table(spec: ModelSpec, hardware: Hardware, work: Workload, budget: float) -> str:
    """One row for each method and one for retrieval.

    Columns: shares of the dense KV bytes that are stored and that a token reads (fetched from the host included), bytes
    of one user's cache in the device's memory, users at a time, seconds to switch users, milliseconds per written
    token, seconds of the first and of each later question, and of all.
    """
    cold, warm, retrieval, _ = approaches(work)
    rows = [[*HEADS, many(work.questions, "question")]]
    for kv in kv_methods(spec, budget):
        rows.append(_row(kv.name, warm if kv.reuses_prefix else cold, kv, spec, hardware, work.questions))
    rows.append(_row("retrieval, dense", retrieval, DENSE, spec, hardware, work.questions))
    return (
        f"KV cache methods at a budget of {budget:.0%} of the tokens, seconds one call after the other:\n"
        + "\n".join(aligned(rows))
    )


def _row(
    name: str, approach: Approach, kv: KVShares, spec: ModelSpec, hardware: Hardware, questions: int
) -> list[str]:
    line = linear_cost(approach, seconds_cost(spec, hardware, kv=kv))
    call = approach.later
    tokens = call.prompt + call.completion
    return [
        name,
        f"{kv.stored:.0%}",
        f"{kv.loaded + kv.fetched:.0%}",
        human(spec.kv_bytes(tokens) * kv.stored),
        str(r.concurrency(spec, hardware, tokens, kv)),
        cell(r.switch_seconds(spec, hardware, tokens, tokens, kv), "seconds"),
        f"{1e3 * r.decode_seconds(spec, hardware, 1, call.prompt, kv=kv):.3g}",
        *(cell(seconds, "seconds") for seconds in (line.first, line.later, line.total(questions))),
    ]
