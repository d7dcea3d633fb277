"""`stacked` as LaRA taught it, on other benchmarks and readers; and each decided by what all others taught."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import routing_probes
from routing_compared import STACKED
from routing_data import LC, RAG, ROOT, data, embedder, halves, sound
from routing_transfer import figures

from lcrag.outcomes import load_outcomes
from lcrag.published.nocha import import_nocha
from lcrag.replay import examples_of, replay
from lcrag.routers import Examples, StackedRouter
from lcrag.tables import markdown

RUNS = {
    "the demo, SmolLM2": "demo",
    "needles, SmolLM2": "generated/niah/own_window",
    "RULER, SmolLM2": "generated/ruler/own_window",
    "Lost in the Middle, SmolLM2": "generated/lost_positions/own_window",
}


def own(table: pd.DataFrame, retrieval: str = RAG) -> Examples:
    """Examples of two strategies, in the order of LaRA's table; a document is its own cluster."""
    pair = table[table["strategy"].isin([retrieval, LC])]
    renamed = pair.assign(strategy=pair["strategy"].replace({retrieval: RAG}))
    examples = examples_of(renamed, strategies=[LC, RAG], cache="cold", embedder=embedder())
    return replace(examples, lengths=(), document_groups=())


def benchmarks() -> tuple[dict[str, Examples], list[str]]:
    """Examples by benchmark, and the names of runs that are not there."""
    nocha = import_nocha(data() / "NoCha" / "data_sample" / "data_sample.json")
    nocha = nocha[nocha["model"] == "gpt4o"]
    known = {f"NoCha, GPT-4o, {k} passages": own(nocha, f"bm25_top{k}") for k in (5, 50)}
    for name, examples in known.items():  # one novel: intervals can only be over its pairs
        known[name] = replace(examples, documents=tuple(q.id for q in examples.queries))
    known["CPython's reference, k = 3, SmolLM2"] = own(routing_probes.run(), routing_probes.K[0])
    missing = []
    for name, folder in RUNS.items():
        file = ROOT / "runs" / folder / "outcomes.parquet"
        if file.exists():
            known[name] = own(load_outcomes(file))
        else:
            missing.append(name)
    return known, missing


def table_of() -> tuple[str, str]:
    """Gains where LaRA alone was learned from and where all other benchmarks were, and a sentence on missing runs."""
    choose, shown = halves(sound())
    lara = replace(choose.joined(shown), lengths=(), document_groups=())
    known, missing = benchmarks()
    taught = STACKED.fit(lara)
    rows = []
    for name, test in known.items():
        others = lara
        for other, examples in known.items():
            if _family(other) != _family(name):
                others = others.joined(examples)
        for label, router in (("LaRA", taught), ("all others", STACKED.fit(others))):
            rows.append(_row(name, label, router, test))
    rest = None
    for examples in known.values():
        rest = examples if rest is None else rest.joined(examples)
    assert rest is not None
    rows.append(_row("LaRA, shown half", "all others", STACKED.fit(rest), shown))
    runs = (
        f"Not there, so left out: {', '.join(missing)} (`lcrag demo`, `make generated`)." if missing else ""
    )
    return markdown(pd.DataFrame(rows)), runs


def _family(name: str) -> str:
    """NoCha's two retrievals, and the two runs on CPython's reference, are one benchmark each."""
    return {"the demo, SmolLM2": "CPython's reference"}.get(name, name.split(",")[0])


def _row(name: str, label: str, router: StackedRouter, test: Examples) -> dict[str, str]:
    decided = replay(router, test)
    fixed = test.strategies[test.best_fixed]
    cells = figures(decided.scores, decided.costs, test)
    return {
        "decided": name,
        "learned from": label,
        "queries": f"{len(test):,}",
        "best fixed": f"{fixed} {test.scores[:, test.best_fixed].mean():.3f}",
        "oracle": f"{test.scores.max(1).mean():.3f}",
        "accuracy": f"{decided.scores.mean():.3f}",
        **cells,
        "long context": f"{(decided.chosen == test.strategies.index(LC)).mean():.0%}",
    }
