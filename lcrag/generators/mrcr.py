"""A long conversation with the same request several times, of which one reply is asked for."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from lcrag.datasets.base import Dataset
from lcrag.datasets.report_prose import filler
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Page, Supply
from lcrag.schema import Task

TITLE = "MRCR"
FORMS = (
    "poem",
    "letter",
    "riddle",
    "speech",
    "news article",
    "short story",
    "song",
    "diary entry",
    "scene",
    "review",
)
ALONE = "Do not include any other text in your response."
QUESTION = "Prepend {prefix} to the {ordinal} (1 indexed) {form} about {topic}. " + ALONE
ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th")
SENTENCES = 3  # of each reply


@dataclass(frozen=True)
class Exchange:
    """A request and its reply, as sentences."""

    form: str
    topic: str
    reply: tuple[str, ...]


def generate_mrcr(
    tokens: Tokens = 4096,
    count: int = 10,
    needles: int = 2,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """MRCR (Michelangelo, arXiv 2409.12640, in OpenAI's form of 2025): one of several replies to the same request.

    A conversation asks for poems, letters and more about things. The same request comes several times, and so do ones
    that differ in form or thing alone. One reply must be given back word by word after a prefix.

    Args:
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each length; they ask for the first to the last of the equal requests in turn.
        needles: Equal requests: OpenAI has 2, 4 and 8.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks with the conversation first; OpenAI gives it as messages of a chat.

    Raises:
        LcragError: a number is out of range, or the conversation does not fit.

    Differs from the paper: replies are generated prose, so that all forms read alike; the conversation is one text.
    """
    check(TITLE, ("count", count, 1, 100_000), ("needles", needles, 2, len(ORDINALS)))
    counted, parts = counter(tokenizer), list[Part]()
    for length in lengths_of(tokens, TITLE):
        for i in range(count):
            rng = random.Random(f"{seed}/mrcr/{needles}/{length}/{i}")
            form, topic = rng.choice(FORMS), words.noun(rng)
            wanted = i % needles
            replies = [_reply(rng) for _ in range(needles)]
            near = [Exchange(form, _other_topic(rng, topic), _reply(rng)) for _ in range(needles)]
            near += [
                Exchange(rng.choice([f for f in FORMS if f != form]), topic, _reply(rng))
                for _ in range(needles)
            ]
            fixed = [*(Exchange(form, topic, reply) for reply in replies), *near]
            places = sorted(rng.random() for _ in range(needles)) + [rng.random() for _ in near]
            prefix = "".join(rng.choices(string.ascii_letters + string.digits, k=10))
            task = Task(
                "mrcr",
                instruction="Write the prefix and then the reply word by word.",
                max_tokens=SENTENCES * 40,
                template="{context}\nUser: {question}\nAssistant: ",
                metric="mrcr",
                average=("task",),
            )
            draft = Draft(
                QUESTION.format(prefix=prefix, ordinal=ORDINALS[wanted], form=form, topic=topic),
                task,
                (prefix + " ".join(replies[wanted]),),
                (wanted,),
                metadata={"length": length, "needles": needles, "prefix": prefix},
            )
            others = Supply(
                lambda rng=rng, topic=topic: Exchange(  # type: ignore[misc]
                    rng.choice(FORMS), _other_topic(rng, topic), _reply(rng)
                )
            )
            page = fit(
                lambda n, f=fixed, p=places, o=others: _talk(
                    f, p, o.first(n // SENTENCES + 1), n % SENTENCES
                ),  # type: ignore[misc]
                length - draft.overhead(counted),
                counted,
                TITLE,
            )
            parts.append(Part(f"mrcr-{length}-{i + 1}", page, (draft,)))
    return gather("mrcr", prompt, parts)


def _reply(rng: random.Random) -> tuple[str, ...]:
    return tuple(filler(rng) for _ in range(SENTENCES))


def _other_topic(rng: random.Random, topic: str) -> str:
    while (other := words.noun(rng)) == topic:
        pass
    return other


def _talk(fixed: list[Exchange], places: list[float], others: list[Exchange], sentences: int) -> Page:
    """The conversation; the newest of the other exchanges comes first and has only so many sentences."""
    *whole, newest = others
    ranked: list[tuple[float, int | None, Exchange]] = [
        *((place, i, e) for i, (place, e) in enumerate(zip(places, fixed, strict=True))),
        *(((i + 0.5) / max(len(whole), 1), None, e) for i, e in enumerate(whole)),
    ]
    ranked.sort(key=lambda item: item[0])
    if sentences:
        cut = Exchange(newest.form, newest.topic, newest.reply[:sentences])
        ranked.insert(0, (0.0, None, cut))
    page = Page()
    for _, name, exchange in ranked:
        article = "an" if exchange.form[0] in "aeiou" else "a"
        page.write(f"User: Write {article} {exchange.form} about {exchange.topic}.\nAssistant: ")
        page.write(" ".join(exchange.reply), name, after="\n\n")
    return page
