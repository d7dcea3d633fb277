"""Self-Route on a real reader, with the published permission to decline; prefix cache warm and cold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from lcrag import (
    ChunkedRetrieval,
    Experiment,
    LongContext,
    ProbeRouter,
    SelfRoute,
    TransformersReader,
    load_pydoc,
)
from lcrag.outcomes.costs import cost_of
from lcrag.readers.base import Completion, Request
from lcrag.replay import examples_of
from retrievers import BM25Retriever, RecursiveChunker

DECLINE = "Write unanswerable if the query can not be answered based on the provided text."
WORDS = 300  # of a passage, as published
QUESTIONS = 24


@dataclass(frozen=True)
class ColdReader(TransformersReader):
    """A reader without a prefix cache: every prompt is computed in full."""

    async def generate(self, request: Request) -> Completion:
        """Generate without a shared prefix."""
        return await super().generate(replace(request, prefix_chars=0))


def run(folder: Path, reader: TransformersReader, name: str) -> pd.DataFrame:
    """Outcomes of retrieval, long context and Self-Route."""
    strategies = [
        ChunkedRetrieval(k=5, decline=DECLINE),
        LongContext(allow_decline=False),
        SelfRoute(k=5, decline=DECLINE),
    ]
    experiment = Experiment(
        dataset=load_pydoc(questions=QUESTIONS),
        reader=reader,
        strategies=strategies,
        output=folder / name,
        retriever=BM25Retriever(chunker=RecursiveChunker(size=WORDS * 6, overlap=0)),
        mlflow="",
        name=name,
    )
    return experiment.run().table


def page(folder: Path) -> str:
    """Both runs as a table, and the thresholds of a probe on the warm one."""
    runs = {"warm": run(folder, TransformersReader(), "warm"), "cold": run(folder, ColdReader(), "cold")}
    lines = [
        "| cache | strategy | accuracy | tokens | of long context | FLOPs | escalated |",
        "|---|---|" + "---:|" * 5,
    ]
    for cache, table in runs.items():
        table = table.assign(tokens=cost_of(table, "tokens"), flops=cost_of(table, "flops"))
        means = table.groupby("strategy")[["score", "tokens", "flops"]].mean()
        for name, row in means.iterrows():
            stages = (
                table.loc[table["strategy"] == name, "note_stage"] if "note_stage" in table else pd.Series()
            )
            escalated = f"{(stages == 2).mean():.0%}" if stages.notna().any() else ""
            share = row["tokens"] / means.loc["long_context", "tokens"]
            cells = [
                cache,
                str(name),
                f"{row['score']:.3f}",
                f"{row['tokens']:,.0f}",
                f"{share:.0%}",
                f"{row['flops'] / 1e9:,.0f}G",
                escalated,
            ]
            lines.append(f"| {' | '.join(cells)} |")
    pair = examples_of(runs["warm"], strategies=["chunked_retrieval", "long_context"], cache="cold")
    sweep = ProbeRouter().sweep(pair)
    thresholds = sweep.iloc[[int(i * (len(sweep) - 1) / 7) for i in range(8)]]
    columns = (
        "threshold on p(unanswerable)",
        "escalated",
        "accuracy",
        "tokens, cold",
        "false accept",
        "false decline",
    )
    lines += ["", f"| {' | '.join(columns)} |", "|" + "---:|" * len(columns)]
    for row in thresholds.itertuples():
        limit = "never" if row.threshold == float("inf") else f"{row.threshold:.4f}"
        shares = [f"{x:.0%}" for x in (row.false_accept, row.false_decline)]
        cells = [limit, f"{row.escalated:.0%}", f"{row.accuracy:.3f}", f"{row.cost:,.0f}", *shares]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
