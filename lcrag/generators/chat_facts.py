"""What matters in a history of chats: things that are said on a day, and the question on them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from lcrag.datasets.report_prose import CITIES
from lcrag.generators import words

RELATIVES = ("sister", "brother", "neighbour", "cousin", "aunt", "colleague", "landlady", "dentist")
PETS = ("dog", "cat", "parrot", "tortoise", "rabbit", "horse", "goat", "hamster")
HOBBIES = ("bicycle parts", "seeds and pots", "model trains", "climbing gear", "sheet music", "watercolours")
PLACES = ("office", "allotment", "garage", "choir", "chess club", "favourite bakery")
EVENTS = (
    "had my first swimming lesson", "handed in my tax return", "planted the apple tree", "sold the old piano",
    "finished the pottery course", "repaired the roof of the shed", "met the new neighbours", "ran ten kilometres",
)  # fmt: skip
REPLIES = (
    "Thank you for telling me.",
    "That is good to know.",
    "I will keep that in mind.",
    "How nice to hear.",
)


@dataclass(frozen=True)
class Said:
    """One round of a session.

    Attributes:
        day: The day of the session, counted from the first one.
        user: What the user says.
        assistant: What the assistant says.
        name: The name of the evidence; empty for small talk.
        by_user: Whether the user's words are the evidence, and not the assistant's.
    """

    day: int
    user: str
    assistant: str
    name: str = ""
    by_user: bool = True


@dataclass(frozen=True)
class Asked:
    """What is said, the question on it, its answers (none: it was never said), and the names of the evidence."""

    said: tuple[Said, ...]
    text: str
    answers: tuple[str, ...]
    evidence: tuple[str, ...]


def information_extraction(rng: random.Random, number: int, days: int, today: int) -> Asked:
    """One thing, of the user in every second history and of the assistant in the others."""
    name, day = words.word(rng).capitalize(), rng.randrange(days)
    if number % 2 == 0:
        owner, pet = rng.choice(RELATIVES[:4]), rng.choice(PETS[:4])
        said = Said(day, f"By the way, my {owner}'s {pet} is called {name}.", rng.choice(REPLIES), "fact")
        return Asked((said,), f"What is my {owner}'s {pet} called?", (name,), ("fact",))
    city = rng.choice(CITIES)
    request = f"Can you recommend a restaurant in {city}?"
    said = Said(day, request, f"In {city} I recommend the restaurant {name}.", "fact", by_user=False)
    return Asked((said,), f"Which restaurant in {city} did you recommend to me?", (name,), ("fact",))


def multi_session(rng: random.Random, number: int, days: int, today: int) -> Asked:
    """A sum of money that was spent in several sessions, and something else that does not belong to it."""
    hobby, other = rng.sample(HOBBIES, 2)
    amounts = rng.sample(range(11, 99), rng.randrange(3, 6))
    bought = [
        Said(day, f"Today I spent {amount} euros on {hobby}.", rng.choice(REPLIES), str(i))
        for i, (amount, day) in enumerate(zip(amounts, rng.sample(range(days), len(amounts)), strict=True))
    ]
    apart = Said(
        rng.randrange(days), f"Today I spent {rng.randrange(11, 99)} euros on {other}.", REPLIES[0], "other"
    )
    text = f"How many euros did I spend on {hobby} altogether?"
    return Asked((*bought, apart), text, (f"{sum(amounts)} euros",), tuple(s.name for s in bought))


def knowledge_update(rng: random.Random, number: int, days: int, today: int) -> Asked:
    """Something that changes twice; the last word counts."""
    place, cities, at = rng.choice(PLACES), rng.sample(CITIES, 3), sorted(rng.sample(range(days), 3))
    sentences = (f"My {place} is in {cities[0]}.", f"My {place} has moved to {cities[1]}.",
                 f"My {place} has moved again, to {cities[2]}.")  # fmt: skip
    said = [
        Said(d, s, rng.choice(REPLIES), str(i)) for i, (d, s) in enumerate(zip(at, sentences, strict=True))
    ]
    return Asked(tuple(said), f"In which city is my {place} now?", (cities[2],), ("2",))


def temporal(rng: random.Random, number: int, days: int, today: int) -> Asked:
    """Days between two events, or in every second history since one of them; one more or less counts as right."""
    (a, b), (first, second) = rng.sample(EVENTS, 2), sorted(rng.sample(range(days), 2))
    said = (
        Said(first, f"I {a} today.", rng.choice(REPLIES), "first"),
        Said(second, f"I {b} today.", rng.choice(REPLIES), "second"),
    )
    passed = second - first if number % 2 == 0 else today - first
    answers = tuple(f"{n} days" for n in (passed, passed - 1, passed + 1) if n > 0)
    if number % 2 == 0:
        return Asked(said, f"How many days after I {a} was the day when I {b}?", answers, ("first", "second"))
    return Asked(said, f"How many days ago was the day when I {a}?", answers, ("first",))


def abstention(rng: random.Random, number: int, days: int, today: int) -> Asked:
    """Something close to what was said, but never said."""
    owner, pet = rng.choice(RELATIVES[4:]), rng.choice(PETS[4:])
    near = Said(rng.randrange(days), f"My {owner} wants a {pet} next year.", rng.choice(REPLIES), "near")
    return Asked((near,), f"What is the name of my {owner}'s new boat?", (), ())


MAKERS: dict[str, Callable[[random.Random, int, int, int], Asked]] = {
    maker.__name__: maker
    for maker in (information_extraction, multi_session, knowledge_update, temporal, abstention)
}
