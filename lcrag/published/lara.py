"""LaRA's published answers as outcomes: 12 models, long context and retrieval for each question.

Li et al. 2025 (arXiv 2502.09977), repository Alibaba-NLP/LaRA. The repository has no judgements, so an answer is scored
without a judge where that is sound: a question without an answer by whether it is declined, one of location by token
recall. Reasoning and comparison have no score unless a judge or token recall is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from embedders.tokens import CHARS_PER_TOKEN
from lcrag.benchmarks.lara import GENRES, KINDS, LENGTHS
from lcrag.cost.price import dollars
from lcrag.errors import LcragError, reason
from lcrag.metrics.declining import declines
from lcrag.metrics.text import token_recall
from lcrag.outcomes.duplicates import document_groups
from lcrag.outcomes.failures import Failures, score_failures
from lcrag.outcomes.rows import outcome_row
from lcrag.outcomes.table import validate
from lcrag.published.features import add_features
from lcrag.schema import Document

if TYPE_CHECKING:
    import pandas as pd

ARMS = {"full": "long_context", "rag": "chunked_retrieval"}
WINDOW = 128_000
CUT = 127_000  # tokens to which the authors cut the long context, in the middle
RAG_TOKENS = 5 * 600  # five chunks of 600 tokens
PROMPT_TOKENS = 60
FILE = re.compile(rf"(full|rag)_.*_({'|'.join(LENGTHS)})_({'|'.join(GENRES)})_({'|'.join(KINDS)})\.jsonl")
Scores = Literal["sound", "recall"]


def import_lara(
    folder: Path | str, *, scores: Scores = "sound", features: bool = True, failures: Failures = "left_out"
) -> pd.DataFrame:
    """Outcomes of every model folder under ``evaluation/prediction``.

    Tokens are estimated from characters (four per token): long context from the document, cut where the authors cut
    it, retrieval as their five chunks of 600 tokens. Cached tokens are those of a warm prefix cache: each question but
    the first on a document finds the document there, and all share the first one's cost. Of
    the 201 failed calls 160 are those of the long context, 139 of them at 128k. Documents that share text are in one
    ``document_group``. Known defects are flags:

    - ``renamed``: a comparison on a book asks with the original names, the text has others.
    - ``paper_number``: the question names a paper by its number, which a retrieved chunk does not show.

    Args:
        folder: the repository, with ``datasets`` and ``evaluation``.
        scores: ``recall`` scores reasoning and comparison by token recall too, a weak proxy.
        failures: failed calls are ``left_out`` (rows with an error) or ``wrong`` (score 0, see ``score_failures``).
        features: add ``feature_*`` columns; this reads the documents and searches them by BM25.

    Raises:
        LcragError: the folder is not LaRA's, or a file in it cannot be parsed.
    """
    import pandas as pd

    folder = Path(folder)
    predictions = folder / "evaluation" / "prediction"
    if not predictions.is_dir():
        raise LcragError(f"{folder} has no evaluation/prediction: give the folder of the LaRA repository.")
    texts = _documents(folder)
    questions = {
        (length, genre, kind): _questions(folder, length, genre, kind)
        for length in LENGTHS
        for genre in GENRES
        for kind in KINDS
    }
    rows = [
        row
        for model in sorted(p for p in predictions.iterdir() if p.is_dir() and p.name != "gpt-4o-0806")
        for row in _model_rows(model, questions, texts, scores)
    ]
    if not rows:
        raise LcragError(f"{predictions} holds no predictions.")
    frame = pd.DataFrame(rows)
    _share_prefixes(frame)
    groups = document_groups(texts)
    frame["document_group"] = [groups.get(d, d) for d in frame["document_id"]]
    if features:
        documents = {key: Document(key, text) for key, text in texts.items()}
        frame = add_features(frame, documents, supported=[ARMS["rag"]])
    return score_failures(validate(frame, f"The outcomes of {folder}"), failures)


def _documents(folder: Path) -> dict[str, str]:
    files = sorted(p for length in LENGTHS for p in (folder / "datasets" / length).glob("*/*") if p.is_file())
    return {f"{p.parent.parent.name}/{p.parent.name}/{p.name}": p.read_text("utf-8") for p in files}


def _questions(folder: Path, length: str, genre: str, kind: str) -> dict[tuple[str, str], str]:
    """Id of each question by its file and text; of a duplicate the first counts."""
    path = folder / "datasets" / "query" / f"{length}_{genre}_{kind}.jsonl"
    ids: dict[tuple[str, str], str] = {}
    for number, row in _lines(path, "file", "question"):
        ids.setdefault((row["file"], row["question"]), f"{length}-{genre}-{kind}-{number}")
    return ids


def _lines(path: Path, *keys: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise LcragError(f"LaRA's file {path} is missing.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise LcragError(f"LaRA's file {path} cannot be read ({reason(error)}).") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LcragError(f"{path}:{number} is not JSON: {error}.") from error
        if missing := [k for k in keys if not isinstance(row, dict) or k not in row]:
            raise LcragError(f"{path}:{number} has no {missing[0]!r}: is it one of LaRA's files?")
        yield number, row


def _model_rows(
    folder: Path, questions: Mapping[tuple[str, str, str], Mapping[tuple[str, str], str]],
    texts: Mapping[str, str], scores: Scores,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    for path in sorted(folder.glob("*.jsonl")):
        name = FILE.fullmatch(path.name)
        if name is None:
            raise LcragError(
                f"{path} is not named as LaRA's predictions are: rag_preds_gpt-4o_32k_book_comp.jsonl."
            )
        mode, length, genre, kind = name.groups()
        ids, seen = questions[length, genre, kind], set[str]()
        for number, row in _lines(path, "file", "question", "prediction", "ground_truth"):
            key = ids.get((row["file"], row["question"]))
            if key is None:
                raise LcragError(f"{path}:{number} answers a question that datasets/query does not have.")
            if key not in seen:  # one question is a duplicate
                seen.add(key)
                document = f"{length}/{genre}/{row['file']}"
                yield _row(row, key, document, folder.name, mode, kind, texts.get(document), scores)


def _row(
    row: Mapping[str, Any],
    key: str,
    document: str,
    model: str,
    mode: str,
    kind: str,
    text: str | None,
    scores: Scores,
) -> dict[str, Any]:
    length, genre, _ = document.split("/", 2)
    answer = row["prediction"] if isinstance(row["prediction"], str) else ""
    declined = declines(answer)
    if kind == "hallu":
        metrics = {"refusal": float(declined)}
    else:
        metrics = {"token_recall": token_recall(answer, [row["ground_truth"]], row["question"])}
    sound = kind in {"hallu", "location"} or scores == "recall"
    value = 0.0 if declined and kind != "hallu" else next(iter(metrics.values()))  # as in a run
    score = value if sound and answer else None
    tokens = len(text) / CHARS_PER_TOKEN if text else float(length.removesuffix("k")) * 1000
    rest = PROMPT_TOKENS + len(row["question"]) / CHARS_PER_TOKEN
    read = min(tokens, CUT - rest) if mode == "full" else min(tokens, RAG_TOKENS)
    return outcome_row(
        question_id=key,
        document_id=document,
        kind=KINDS[kind],
        strategy=ARMS[mode],
        model=model,
        question=row["question"],
        answer=answer,
        declined=declined,
        score=score,
        error="" if answer else "The call failed: no answer was published.",
        prompt_tokens=read + rest,
        completion_tokens=len(answer) / CHARS_PER_TOKEN,
        truncation="middle" if mode == "full" and tokens > CUT else "",
        gold=row["ground_truth"],
        dataset="LaRA",
        domain=genre,
        length=length,
        document_tokens=tokens,
        window=float(WINDOW),
        note_document_tokens=read if mode == "full" else 0.0,
        flag_renamed=genre == "book" and kind == "comp",
        flag_paper_number=bool(genre == "paper" and re.search(r"\bpaper \d", row["question"], re.IGNORECASE)),
    ) | {f"score_{k}": v for k, v in metrics.items() if answer}


def _share_prefixes(frame: pd.DataFrame) -> None:
    """Set cached tokens and dollars as if all but the first question on a document found its prefix in a cache."""
    import pandas as pd

    sharing = frame.groupby(["document_id", "model", "strategy"])["question_id"].transform("size")
    frame["read_cached_tokens"] = frame["note_document_tokens"] * (1 - 1 / sharing)
    names = ("model", "read_prompt_tokens", "read_cached_tokens", "read_completion_tokens")
    calls = list(zip(*(frame[name] for name in names), strict=True))
    warm = pd.Series([dollars(m, p, c, o) for m, p, c, o in calls], frame.index, float)
    cold = pd.Series([dollars(m, p, 0, o) for m, p, _, o in calls], frame.index, float)
    frame["read_dollars"], frame["read_saved_dollars"] = warm, cold - warm
    frame["read_saved_flops"] = frame["read_cached_tokens"].map({0: 0.0})  # unknown where tokens were cached
