"""How far scores of LaRA's answers agree with answers that were read: the tables in docs/outcomes.md.

``--draw`` prints the keys of ``tests/published/labels/answers.json``, which were drawn by this seed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from page import put

from lcrag.metrics.text import contains, numeric
from lcrag.published.lara import import_lara
from lcrag.tables import markdown

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LCRAG_DATA", ROOT.parent / "shared" / "data")) / "LaRA"
LABELS = ROOT / "tests" / "published" / "labels"
SEED = 20261125
COUNTS = {"location": 24, "reasoning": 32, "comparison": 26, "hallucination": 24}
CORRECT_THRESHOLD = 0.5  # the token recall from which an answer counts as right


def labelled(lara: pd.DataFrame) -> pd.DataFrame:
    """The answers with a label, ``right``: indexed by key; refusals that were labelled apart are not among them."""
    right = _labels("location.json") | _labels("answers.json")["labels"]
    return _by_key(lara).loc[list(right)].assign(right=[bool(r) for r in right.values()])


def agreement(predicted: pd.Series[bool], right: pd.Series[bool]) -> dict[str, str]:
    """Precision, recall and agreement of a yes-or-no score, as text cells."""
    hits = int((predicted & right).sum())
    return {
        "rows": str(len(right)),
        "right": str(int(right.sum())),
        "precision": f"{hits / predicted.sum():.2f}" if predicted.any() else "-",
        "recall": f"{hits / right.sum():.2f}",
        "agreement": f"{(predicted == right).mean():.0%}",
    }


def ordered(values: pd.Series[float], right: pd.Series[bool]) -> str:
    """How often a right answer has a higher value than a wrong one; of equals half count."""
    differences = values[right].to_numpy()[:, None] - values[~right].to_numpy()[None, :]
    return f"{((differences > 0) + (differences == 0) / 2).mean():.0%}"


def scores_table(rows: pd.DataFrame) -> str:
    """Every score on every kind of question."""
    table: list[dict[str, str]] = []

    def add(kind: str, score: str, predicted: pd.Series[bool], order: str = "-") -> None:
        right = rows["right"][predicted.index]
        table.append({"kind": kind, "score": score} | agreement(predicted, right) | {"in order": order})

    for kind in COUNTS:
        part = rows[rows["kind"] == kind]
        if kind == "hallucination":
            add(kind, "an answer declines", part["declined"])
            continue
        texts = list(zip(part["answer"], part["gold"], part["question"], strict=True))
        recall = part["score_token_recall"].where(~part["declined"], 0.0)
        is_right = recall >= CORRECT_THRESHOLD
        is_quantity = pd.Series([bool(numeric(gold, question)[0]) for _, gold, question in texts], part.index)
        name = f"token recall ≥ {CORRECT_THRESHOLD}"
        add(kind, name, is_right, ordered(recall, part["right"]))
        for label, mask in (("gold is a number or date", is_quantity), ("gold is words", ~is_quantity)):
            if mask.any():
                add(kind, f"{name}, {label}", is_right[mask])
        has_gold = [contains(answer, [gold]) > 0 for answer, gold, _ in texts]
        add(kind, "contains", pd.Series(has_gold, part.index))
    return markdown(pd.DataFrame(table))


def refusals_table(lara: pd.DataFrame) -> str:
    """Answers that decline by label (rows) and by ``declines`` (columns)."""
    declined = _by_key(lara)["declined"]
    halves = {
        "looked at while the rules were written": _labels("declines.json")["looked_at"],
        "others": _labels("declines.json")["held_out"],
        "drawn later": {
            k: r for k, r in _labels("answers.json")["labels"].items() if "-hallu-" in k.split("|")[0]
        },
    }
    table = []
    for name, labels in halves.items():
        for label in (1, 0):
            predicted = declined[[k for k, r in labels.items() if r == label]]
            table.append(
                {
                    "rows": name,
                    "labelled": "declined" if label else "answered",
                    "predicted declined": str(int(predicted.sum())),
                    "predicted answered": str(int((~predicted).sum())),
                }
            )
    return markdown(pd.DataFrame(table))


def draw(lara: pd.DataFrame, counts: Mapping[str, int], seed: int = SEED) -> list[str]:
    """Keys of answers without a label, as many of each kind and the models in turn."""
    frame = _by_key(lara[lara["error"] == ""])
    declining = _labels("declines.json")
    used = {*_labels("location.json"), *declining["looked_at"], *declining["held_out"]}
    frame = frame[~frame.index.isin(used)]
    rng, models, keys = random.Random(seed), sorted(frame["model"].unique()), list[str]()
    for kind, count in counts.items():
        order = models[:]
        rng.shuffle(order)
        for i in range(count):
            pool = frame[(frame["kind"] == kind) & (frame["model"] == order[i % len(order)])].index
            keys.append(rng.choice(sorted(pool.difference(keys))))
    return keys


def _labels(name: str) -> dict[str, dict[str, int]]:
    return json.loads((LABELS / name).read_text("utf-8"))  # type: ignore[no-any-return]


def _by_key(lara: pd.DataFrame) -> pd.DataFrame:
    return lara.set_index(lara["question_id"] + "|" + lara["model"] + "|" + lara["strategy"])


def main() -> None:
    """Write the tables into docs/outcomes.md, or draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the LaRA repository")
    parser.add_argument("--draw", action="store_true", help="print the keys that were drawn for labels")
    options = parser.parse_args()
    lara = import_lara(options.data, features=False)
    if options.draw:
        print("\n".join(draw(lara, COUNTS)))
        return
    page = ROOT / "docs" / "outcomes.md"
    put(page, "score agreement", scores_table(labelled(lara)))
    put(page, "refusals", refusals_table(lara))


if __name__ == "__main__":
    main()
