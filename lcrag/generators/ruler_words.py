"""RULER's two tasks of aggregation: common words and frequent words."""

from __future__ import annotations

import random
import string

from lcrag.generators import words
from lcrag.generators.budget import Count, fit
from lcrag.generators.drafts import Draft, Part
from lcrag.generators.page import Different, Page
from lcrag.schema import Task

COMMON = 10
MAX_ENGLISH = 8192
ZETA_2 = 1.6449340668482264
CWE = (
    "Below is a numbered list of words. In these words, some appear more often than others. Memorize the ones that "
    "appear most often.\n{context}\n{question} Answer: The top 10 words that appear most often in the list are:"
)
CWE_QUESTION = "Question: What are the 10 most common words in the above list?"
FWE = (
    "Read the following coded text and track the frequency of each coded word. Find the three most frequently "
    "appeared coded words. {context}\n{question} Answer: According to the coded text above, the three most frequently "
    "appeared words are:"
)
FWE_QUESTION = (
    "Question: Do not provide any explanation. Please ignore the dots '....'. What are the three most frequently "
    "appeared words in the above coded text?"
)


def common_words(name: str, id: str, length: int, rng: random.Random, count: Count) -> Part:
    """Ten words that appear more often than all others in a numbered list."""
    english = words.english()
    rng.shuffle(english)
    plain = length <= MAX_ENGLISH  # longer texts need more words than there are, and golds must not stand out
    if plain:
        candidates = [word for word in english if sum(word in other for other in english) == 1]
        golds = candidates[:COMMON]
        english = [word for word in english if word not in golds]
    else:
        golds = Different(lambda: words.word(rng, 3)).first(COMMON)
    supply = Different(lambda: english.pop() if english else words.word(rng))
    supply.accepts = lambda word: not any(gold in word for gold in golds)
    short = length < 4096
    repeats, rest = (6, 1) if short else (30, 3)
    example_size, example_repeats, example_rest = (20, 3, 1) if short else (40, 10, 3)
    order = rng.getrandbits(64)
    example_words = supply.first(example_size)
    example = numbered(example_words[:COMMON], example_words[COMMON:], example_repeats, example_rest, order)
    shown = CWE.replace("{context}", example.text).replace("{question}", CWE_QUESTION)
    shown += " ".join(f"{i}. {word}" for i, word in enumerate(example_words[:COMMON], 1))
    task = _task(name, 120, f"{shown}\n{CWE}", "Write the ten words and nothing else.")
    draft = Draft(CWE_QUESTION, task, tuple(golds), tuple(golds), metadata={"length": length})
    page = fit(
        lambda n: numbered(golds, supply.first(example_size + n)[example_size:], repeats, rest, order),
        length - draft.overhead(count),
        count,
        f"RULER, {name}",
    )
    return Part(id, page, (draft,))


def numbered(common: list[str], others: list[str], repeats: int, rest: int, order: int) -> Page:
    """A numbered list of words in random order; the first place of a common word is its evidence."""
    entries = [word for word in common for _ in range(repeats)] + [w for w in others for _ in range(rest)]
    random.Random(order).shuffle(entries)
    return listed([f"{i}. {word}" for i, word in enumerate(entries, 1)], first(entries, common))


def first(entries: list[str], wanted: list[str]) -> dict[int, str]:
    """Where each wanted word comes first."""
    return {entries.index(word): word for word in wanted if word in entries}


def listed(entries: list[str], evidence: dict[int, str]) -> Page:
    """The entries with spaces between them, of which some are evidence."""
    page, done = Page(), 0
    for i in sorted(evidence):
        page.write("".join(f"{entry} " for entry in entries[done:i]))
        page.write(entries[i], evidence[i], after=" " if i < len(entries) - 1 else "")
        done = i + 1
    page.write(" ".join(entries[done:]))
    return page


def frequent_words(name: str, id: str, length: int, rng: random.Random, count: Count) -> Part:
    """The three most frequent coded words; frequencies fall with the square of the rank, and dots are first."""
    codes = Different(lambda: "".join(rng.choices(string.ascii_lowercase, k=6))).first(max(length // 50, 10))
    ranked = ["...", *codes[1:]]
    order = rng.getrandbits(64)
    task = _task(name, 50, FWE, "Write the three words and nothing else.")
    golds = tuple(ranked[1:4])
    draft = Draft(FWE_QUESTION, task, golds, golds, metadata={"length": length})
    page = fit(
        lambda n: coded(ranked, n, order), length - draft.overhead(count), count, f"RULER, {name}", 100
    )
    return Part(id, page, (draft,))


def coded(ranked: list[str], total: int, order: int) -> Page:
    """About so many words in random order, each as often as its rank says."""
    entries = [w for rank, w in enumerate(ranked, 1) for _ in range(int(total / rank**2 / ZETA_2))]
    random.Random(order).shuffle(entries)
    return listed(entries, first(entries, ranked[1:4]))


def _task(name: str, max_tokens: int, template: str, instruction: str) -> Task:
    return Task(
        name,
        instruction=instruction,
        max_tokens=max_tokens,
        template=template,
        cleaning=("control_characters",),
        metric="string_match_all",
        average=("task",),
    )
