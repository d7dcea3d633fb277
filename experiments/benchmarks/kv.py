"""KV cache methods x budgets: accuracy on needles, first question and later ones, against bytes; retrieval beside it.

    python experiments/benchmarks/kv.py [--length 1024 ...] [--minutes 6] [--page docs/kv.md]

The sweep is ``experiments/kv.yaml``. Rows are kept in ``runs/kv/rows.jsonl``: a run that is cut off, or was given few
minutes, goes on where it stopped. A document is prefilled once, and each method keeps what that prefill computed, which
is what each would compute by itself.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from lcrag.components.build import build
from lcrag.components.yaml_file import read_yaml
from lcrag.generators import words
from lcrag.generators.haystack import NEEDLE, Needle, haystack, hide
from lcrag.readers import TransformersReader
from lcrag.readers.base import Message, Request
from lcrag.readers.kv import KeepAll
from lcrag.readers.kv_calibration import calibration_layers
from lcrag.readers.prefill import Fill, fill, rotary_frequencies
from retrievers import BM25Retriever, RecursiveChunker

SWEEP = Path("experiments/kv.yaml")
ROWS = Path("runs/kv/rows.jsonl")


@dataclass(frozen=True)
class Text:
    """A document with its needles: key, value, depth in hundredths."""

    text: str
    needles: tuple[tuple[str, str, float], ...]


def document(length: int, number: int, questions: int, reader: TransformersReader) -> Text:
    """A haystack of about ``length`` tokens with a needle for each question, spread over its depths."""
    rng = random.Random(f"kv/{length}/{number}")
    needles = [
        (words.key(rng), words.value(rng, "numbers"), 100 * (i + rng.random()) / questions)
        for i in range(questions)
    ]
    rng.shuffle(needles)  # the first question is not always on the first needle
    sentences = haystack("prose", rng, reserved=tuple(w for n in needles for w in n[:2]))
    hidden = [Needle(NEEDLE.format(kind="numbers", key=k, value=v), depth, k) for k, v, depth in needles]
    count = 8
    while True:
        text = hide(sentences.first(count), hidden).text
        if reader.count_tokens([Message("user", text)]) >= length:
            return Text(text, tuple(needles))
        count = round(count * 1.1) + 1


def asked(text: str, key: str, cache: Any = None) -> Request:
    """The question for one needle."""
    head = f"Text:\n{text}\n\n"
    question = (
        f"Question: What is the special magic number for {key} mentioned in the text? Answer with the number."
    )
    return Request((Message("user", head + question),), 24, stop=(".",), prefix_chars=len(head), cache=cache)


def arms(sweep: dict[str, Any]) -> Iterator[tuple[str, float, Any]]:
    """Name, budget and method of each arm, dense first."""
    yield "dense", 1.0, KeepAll()
    for spec in sweep["fixed"]:
        name = "_".join(str(v) for v in spec.values())
        yield name, 1.0, build("kv_cache", spec, f"{SWEEP}: fixed")
    for budget in sweep["budgets"]:
        for spec in sweep["methods"]:
            yield spec["type"], budget, build("kv_cache", {**spec, "budget": budget}, f"{SWEEP}: methods")


def run(sweep: dict[str, Any], lengths: list[int], stop: float) -> None:
    """Add rows until all are there or the time is over."""
    ROWS.parent.mkdir(parents=True, exist_ok=True)
    done = {tuple(r[k] for k in ("length", "document", "method", "budget")) for r in rows()}
    reader = build("reader", sweep["reader"], f"{SWEEP}: reader")
    generation = reader._loaded["generation"]  # prefixes are put there, so that a document is prefilled once
    calibration: list[Any] = []
    for length in lengths:
        for number in range(sweep["documents"]):
            text = document(length, number, sweep["questions"], reader)
            layers: list[Any] = []
            for name, budget, method in arms(sweep):
                if (length, number, name, budget) in done or time.time() > stop:
                    continue
                if method.learns and repr(method) not in generation.learned:
                    with torch.inference_mode():
                        calibration = calibration or calibration_layers(
                            generation.model, generation.tokenizer
                        )
                        generation.learned[repr(method)] = method.learn(calibration)
                prompts = [reader.prepare(asked(text.text, key, method)) for key, _, _ in text.needles]
                if prompts[0].prefix:
                    with torch.inference_mode():
                        layers = layers or prefilled(generation.model, prompts[0].ids[: prompts[0].prefix])
                        learned = generation.learned.get(repr(method)) or [None] * len(layers)
                        generation.prefixes.clear()
                        generation.prefixes[prompts[0].key] = [
                            method.keep(replace(f, learned=what))
                            for f, what in zip(layers, learned, strict=True)
                        ]
                together = generation.rows(prompts[0]) > 1
                completions = (
                    generation.run(prompts) if together else [generation.run([p])[0] for p in prompts]
                )
                save(reader, length, number, name, budget, text, completions)
            for budget in sweep["budgets"]:
                if (length, number, "retrieval", budget) in done or time.time() > stop:
                    continue
                short = [passages(text.text, key, budget * length, reader) for key, _, _ in text.needles]
                pairs = zip(short, text.needles, strict=True)
                completions = [
                    generation.run([reader.prepare(asked(s, needle[0]))])[0] for s, needle in pairs
                ]
                save(reader, length, number, "retrieval", budget, text, completions)


def prefilled(model: Any, ids: list[int]) -> list[Any]:
    """What each layer computes for a document."""
    cache = Fill(model.config.num_hidden_layers, rotary_frequencies(model))
    fill(model, ids, cache)
    return cache.stores


def passages(text: str, key: str, tokens: float, reader: TransformersReader) -> str:
    """The best passages for a key, in the document's order, up to a number of tokens."""
    index = BM25Retriever(RecursiveChunker(size=300, overlap=0)).build({"d": text})
    chosen: list[Any] = []
    for passage in index.search([f"special magic number for {key}"], 1000)[0]:
        joined = "\n".join(p.text for p in [*chosen, passage])
        if chosen and reader.count_tokens([Message("user", joined)]) > tokens:
            break
        chosen.append(passage)
    return "\n".join(p.text for p in sorted(chosen, key=lambda p: p.start))


def save(
    reader: Any, length: int, number: int, name: str, budget: float, text: Text, completions: list[Any]
) -> None:
    """Append one row for each question."""
    with ROWS.open("a", encoding="utf-8") as file:
        for i, (completion, (_, value, depth)) in enumerate(zip(completions, text.needles, strict=True)):
            u = completion.usage
            dense = reader.spec.kv_bytes(u.prompt_tokens + u.completion_tokens)
            row = {
                "length": length, "document": number, "method": name, "budget": budget, "question": i, "depth": depth,
                "score": float(value in completion.text), "text": completion.text, "prompt_tokens": u.prompt_tokens,
                "cached_tokens": u.cached_tokens, "kv_stored_fraction": u.kv_stored_fraction,
                "kv_loaded_fraction": u.kv_loaded_fraction, "stored_bytes": dense * u.kv_stored_fraction,
                "loaded_bytes": dense * u.kv_loaded_fraction, "seconds": u.seconds,
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")


def rows() -> list[dict[str, Any]]:
    """What has been run."""
    return [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()] if ROWS.exists() else []


def main() -> None:
    """Run what is missing; with ``--page`` write the page's block and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--length", type=int, nargs="*", help="lengths in tokens; default: those of the sweep"
    )
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so many minutes")
    parser.add_argument("--page", type=Path, help="the page to write, such as docs/kv.md")
    given = parser.parse_args()
    sweep = read_yaml(SWEEP)
    run(sweep, given.length or sweep["lengths"], time.time() + 60 * given.minutes)
    if given.page:
        from kv_page import write

        write(given.page, rows())


if __name__ == "__main__":
    main()
