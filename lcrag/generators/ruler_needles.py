"""RULER's eight tasks with needles."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lcrag.generators import words
from lcrag.generators.budget import Count, fit
from lcrag.generators.drafts import Draft, Part
from lcrag.generators.haystack import NEEDLE, HaystackKind, Needle, depths, haystack, hide
from lcrag.generators.niah_words import niah_question
from lcrag.generators.page import Different


@dataclass(frozen=True)
class Setting:
    """What hides in what: kinds of haystack, keys and values; how many keys, values of a key, and keys asked for."""

    haystack: HaystackKind = "prose"
    keys: words.ValueKind = "words"
    values: words.ValueKind = "numbers"
    n_keys: int = 1
    n_values: int = 1
    n_queries: int = 1


TASKS = {
    "niah_single_1": Setting(haystack="noise"),
    "niah_single_2": Setting(),
    "niah_single_3": Setting(values="uuids"),
    "niah_multikey_1": Setting(n_keys=4),
    "niah_multikey_2": Setting(haystack="needles"),
    "niah_multikey_3": Setting(haystack="needles", keys="uuids", values="uuids"),
    "niah_multivalue": Setting(n_values=4),
    "niah_multiquery": Setting(n_keys=4, n_queries=4),
}


def make(name: str, id: str, length: int, rng: random.Random, count: Count) -> Part:
    """One text and its question."""
    setting = TASKS[name]
    keys = Different(lambda: words.value(rng, setting.keys)).first(setting.n_keys)
    drawn = Different(lambda: words.value(rng, setting.values)).first(setting.n_keys * setting.n_values)
    values = {key: drawn[i * setting.n_values : (i + 1) * setting.n_values] for i, key in enumerate(keys)}
    queries = rng.sample(keys, setting.n_queries)
    hidden = [(key, value) for key in keys for value in values[key]]
    rng.shuffle(hidden)
    needles = [
        Needle(NEEDLE.format(kind=setting.values, key=key, value=value), depth, value)
        for (key, value), depth in zip(hidden, depths(rng, len(hidden)), strict=True)
    ]
    golds = tuple(value for key in queries for value in values[key])
    text, task = niah_question(name, setting.values, queries, setting.n_values)
    places = {needle.name: needle.depth for needle in needles}
    metadata = {"length": length} | ({"depth": round(places[golds[0]], 1)} if len(golds) == 1 else {})
    draft = Draft(text, task, golds, golds, metadata=metadata)
    sentences = haystack(setting.haystack, rng, setting.keys, setting.values, (*keys, *drawn))
    between = " " if setting.haystack == "prose" else "\n"
    page = fit(
        lambda n: hide(sentences.first(n), needles, between),
        length - draft.overhead(count),
        count,
        f"RULER, {name}",
    )
    return Part(id, page, (draft,))
