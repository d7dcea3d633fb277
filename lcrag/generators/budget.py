"""How long a generated document is: fitted to a number of tokens, by whichever tokenizer is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from embedders.tokens import estimate_tokens
from lcrag.errors import LcragError
from lcrag.generators.page import Page
from lcrag.readers.smollm2 import checkpoint
from lcrag.readers.tokens import ChatTokenizer

Tokens = int | tuple[int, ...]
Count = Callable[[str], int]
MAX_TOKENS = 10_000_000


def counter(tokenizer: str = "") -> Count:
    """What counts the tokens of a text.

    Args:
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.

    Raises:
        ReaderUnavailable: the tokenizer cannot be loaded.
    """
    if not tokenizer:
        return lambda text: estimate_tokens(len(text))
    source = str(checkpoint()) if tokenizer == "smollm2" else tokenizer
    file = Path(source, "tokenizer.json")
    if file.is_file():  # seconds sooner than through transformers, which imports torch
        from tokenizers import Tokenizer

        fast = Tokenizer.from_file(str(file))
        return lambda text: len(fast.encode(text, add_special_tokens=False).ids)
    loaded = ChatTokenizer(source).loaded
    return lambda text: len(loaded(text, add_special_tokens=False, verbose=False).input_ids)


def lengths_of(tokens: Tokens, title: str) -> tuple[int, ...]:
    """The lengths that are asked for, one or several.

    Raises:
        LcragError: there is none, or one is out of range.
    """
    lengths = (tokens,) if isinstance(tokens, int) else tuple(tokens)
    if not lengths:
        raise LcragError(f"{title}: 'tokens' names no length.")
    check(title, *(("tokens", length, 100, MAX_TOKENS) for length in lengths))
    return lengths


def check(title: str, *bounds: tuple[str, float, float, float]) -> None:
    """Refuse numbers out of range.

    Args:
        title: The generator, for the message.
        bounds: Key, value, minimum and maximum of each number.

    Raises:
        LcragError: names the key and its bounds.
    """
    for key, value, minimum, maximum in bounds:
        if not minimum <= value <= maximum:
            raise LcragError(f"{title}: {key!r} is {value:g}, but must be from {minimum:g} to {maximum:g}.")


def chosen(names: tuple[str, ...], known: tuple[str, ...], title: str, kind: str = "task") -> tuple[str, ...]:
    """The tasks, or whatever ``kind`` says, that are asked for; all of them for none.

    Raises:
        LcragError: there is none of that name.
    """
    for name in names:
        if name not in known:
            raise LcragError(f"{title}: there is no {kind} {name!r}; known are: {', '.join(known)}.")
    return names or known


def fit(build: Callable[[int], Page], tokens: int, count: Count, title: str, min_pieces: int = 0) -> Page:
    """The longest page of at most so many tokens.

    Args:
        build: Makes the page with so many pieces of haystack; with more pieces it is never shorter.
        tokens: Maximum tokens of the page.
        count: Counts tokens.
        title: The generator and its task, for the message.
        min_pieces: The fewest pieces that the page can have.

    Raises:
        LcragError: even the shortest page is too long.
    """
    low, page = min_pieces, build(min_pieces)
    low_tokens = count(page.text)
    if low_tokens > tokens:
        raise LcragError(
            f"{title}: the shortest text has {low_tokens} tokens, but only {max(tokens, 0)} are left for it beside "
            "the question and the answer: raise 'tokens'."
        )
    high = 2 * low + 64
    while (high_tokens := count((longer := build(high)).text)) <= tokens:
        low, low_tokens, page = high, high_tokens, longer
        high = max(2 * high, high * tokens // max(high_tokens, 1) * 21 // 20)
    halve = False
    while high - low > 1:  # guess where a straight line reaches the budget; every second guess is the middle
        line = low + (tokens - low_tokens) * (high - low) // max(high_tokens - low_tokens, 1)
        guess = (low + high) // 2 if halve else min(max(line, low + 1), high - 1)
        halve = not halve
        if (guess_tokens := count((candidate := build(guess)).text)) <= tokens:
            low, low_tokens, page = guess, guess_tokens, candidate
        else:
            high, high_tokens = guess, guess_tokens
    return page
