"""NoCha's published answers as outcomes: true and false claims about whole novels, 18 settings.

Karpinska et al. 2024 (arXiv 2406.16264), the released sample. A pair is a true claim and a false one that differ in a
detail; it counts as right only when both verdicts are right. ``bm25-gpt4o-topK`` is GPT-4o with K retrieved passages;
all other settings read the whole book.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedders.tokens import CHARS_PER_TOKEN
from lcrag.errors import LcragError, reason
from lcrag.metrics.official.true_false import verdict
from lcrag.outcomes.rows import outcome_row
from lcrag.outcomes.table import validate

if TYPE_CHECKING:
    import pandas as pd

SKIPPED = "SKIPPED"  # the book is longer than the model's window
PASSAGE_TOKENS = 300  # per retrieved passage: a guess, the sample does not say


def import_nocha(file: Path | str, *, pairs: bool = True) -> pd.DataFrame:
    """Outcomes of every setting in ``data_sample.json``.

    A setting is a model and a strategy: ``bm25-gpt4o-top25`` is ``gpt4o`` with ``bm25_top25``, all others are
    ``long_context``. Skipped claims are left out with their whole pair. A reply without a verdict is wrong.

    Args:
        file: the sample.
        pairs: one row for each pair, right when both verdicts are; else one row for each claim.

    Raises:
        LcragError: the file is missing or is not NoCha's sample.
    """
    import pandas as pd

    file = Path(file)
    try:
        claims = json.loads(file.read_text("utf-8"))
        settings = [k.removeprefix("response-") for k in claims[0] if k.startswith("response-")]
        grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for claim in claims:
            grouped.setdefault((claim["book_title"], claim["index"]), []).append(claim)
        rows = [
            row for s in settings for key, group in grouped.items() for row in _rows(key, group, s, pairs)
        ]
    except OSError as error:
        raise LcragError(
            f"{file} cannot be read ({error.strerror}): give NoCha's data_sample.json."
        ) from error
    except Exception as error:  # JSON of any other shape
        raise LcragError(f"{file} is not NoCha's sample: {reason(error)}.") from error
    return validate(pd.DataFrame(rows), str(file))


def _rows(
    key: tuple[str, str], claims: Sequence[Mapping[str, Any]], setting: str, pairs: bool
) -> list[dict[str, Any]]:
    replies = [c[f"response-{setting}"] for c in claims]
    if len(claims) != 2 or SKIPPED in replies:
        return []
    retrieval = re.fullmatch(r"bm25-(.+)-top(\d+)", setting)
    model, strategy = (retrieval[1], f"bm25_top{retrieval[2]}") if retrieval else (setting, "long_context")
    book = float(claims[0]["length"])
    scores = [float(verdict(r) == (str(c["type"]) == "True")) for c, r in zip(claims, replies, strict=True)]
    parts = [(claims, replies, float(all(scores)))] if pairs else [
        ([c], [r], x) for c, r, x in zip(claims, replies, scores, strict=True)
    ]  # fmt: skip
    rows = []
    for number, (members, answers, score) in enumerate(parts):
        context = min(book, int(retrieval[2]) * PASSAGE_TOKENS) if retrieval else book
        text = sum(len(c["claim"]) / CHARS_PER_TOKEN for c in members)
        rows.append(
            outcome_row(
                question_id=f"{key[0]}-{key[1]}" + ("" if pairs else f"-{number}"),
                document_id=key[0],
                kind="claim_pair" if pairs else "claim",
                strategy=strategy,
                model=model,
                question="\n".join(c["claim"] for c in members),
                answer="\n".join(answers),
                score=score,
                prompt_tokens=context * len(members) + text,
                completion_tokens=sum(len(r) / CHARS_PER_TOKEN for r in answers),
                gold=" | ".join(str(c["type"]) for c in members),
                dataset="NoCha",
                domain=claims[0]["genre"],
                length=claims[0]["length_group"],
                document_tokens=book,
            )
        )
    return rows
