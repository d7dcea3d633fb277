"""The verdict in a judge's reply: one of the allowed words, or nothing.

A reply is read strictly, because a misread verdict is silently wrong, while an unreadable one is asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.judges.base import JudgeTools
from lcrag.readers.base import Message, Reader

_VERDICT = r"(?:final )?verdict"
_LABEL = rf"(?:{_VERDICT}|(?:final )?answer|grade|judge?ment)"
_THOUGHTS = re.compile(r"^.*</think>", re.DOTALL)
_AROUND = r"[\W_]*"  # markdown, quotes, brackets
# The reply or the sentence ends, or a dash or bracket sets an explanation apart; not "No-one", "No mention", "True?".
_END = r"""(?=[*_`"'\u2019\u201d)\]}]*(?:[ \t]*$|[ \t]*\n|[.,;:!*_`"\u201d]|[ \t]+[-\u2013\u2014(]))"""


@dataclass(frozen=True, slots=True)
class Reply:
    """A judge's last reply.

    Attributes:
        verdict: One of the allowed words as the rubric spells it; ``None`` where the reply has no clear one.
        text: What the judge wrote.
    """

    verdict: str | None
    text: str


def read_verdict(reply: str, words: Sequence[str], *, reasons_first: bool = False) -> str | None:
    """The verdict of a reply, ``None`` where there is none or more than one.

    Without reasons the reply must begin with the word; a label such as "Answer:" may stand before it. Case, markdown,
    quotes and punctuation do not matter. The word must not run on into a sentence ("No mention of it"), and no other
    allowed word may follow anywhere. With reasons first the last line must be "Verdict: X", or the whole reply X.

    Args:
        reply: what the judge wrote; the thoughts of a reasoning model (up to ``</think>``) are not read.
        words: the allowed verdicts; parts of a word may be joined by ``_``, ``-`` or a space.
        reasons_first: whether the judge was asked to give reasons before its verdict.
    """
    text = _THOUGHTS.sub("", reply).strip()
    if reasons_first:
        return _last_line(text, words)
    start = rf"{_AROUND}(?:{_LABEL}{_AROUND}[:=]{_AROUND})?"
    for word in words:
        if match := re.match(rf"{start}{_pattern(word)}{_END}", text, re.IGNORECASE):
            rest = text[match.end() :]
            return None if any(_stands_in(other, rest) for other in words if other != word) else word
    return None


def _last_line(text: str, words: Sequence[str]) -> str | None:
    """The verdict of the last line; ``None`` if another line gives another verdict."""
    lines = [line for line in text.splitlines() if line.strip()]
    label = rf"{_AROUND}{_VERDICT}{_AROUND}[:=]"
    labelled = [line for line in lines if re.match(label, line, re.IGNORECASE)]
    if len(lines) == 1:
        labelled = lines  # the word by itself, too
    if not labelled or labelled[-1] != lines[-1]:
        return None
    verdicts = {
        next((w for w in words if re.fullmatch(rf"(?:{label})?{_AROUND}{_pattern(w)}{_AROUND}", line, re.I)), None)
        for line in labelled
    }  # fmt: skip
    return verdicts.pop() if len(verdicts) == 1 else None


def _pattern(word: str) -> str:
    return r"[ _-]".join(map(re.escape, re.split(r"[ _-]", word)))


def _stands_in(word: str, text: str) -> bool:
    return bool(re.search(rf"(?<![^\W_]){_pattern(word)}(?![^\W_])", text, re.IGNORECASE))


async def ask_verdict(
    tools: JudgeTools,
    messages: Sequence[Message],
    words: Sequence[str],
    *,
    judge: Reader | None = None,
    max_tokens: int = 10,
    reasons_first: bool = False,
) -> Reply:
    """Ask for a verdict; a reply without a clear one is asked for once more, with a sentence that names the words.

    Args:
        tools: asks the judge.
        messages: the chat; its last message is the user's.
        words: the allowed verdicts.
        judge: who is asked; ``None`` for the experiment's reader.
        max_tokens: maximum tokens of a reply.
        reasons_first: whether the judge gives reasons before its verdict; then its reply may begin with any word.
    """
    begin = () if reasons_first else tuple(words)
    reply = Reply(None, "")
    for sample in (0, 1):
        chat = tuple(messages) if sample == 0 else _reminded(messages, words, reasons_first)
        completion = await tools.ask(chat, judge=judge, max_tokens=max_tokens, begin=begin, sample=sample)
        reply = Reply(read_verdict(completion.text, words, reasons_first=reasons_first), completion.text)
        if reply.verdict is not None:
            break
    return reply


def _reminded(messages: Sequence[Message], words: Sequence[str], reasons_first: bool) -> tuple[Message, ...]:
    """The chat with a sentence that says which verdicts are allowed."""
    *before, last = messages
    allowed = ", ".join(words)
    sentence = (
        f'Your last line must be "Verdict: X", and only one of these is allowed as X: {allowed}.'
        if reasons_first
        else f"Your whole reply must be one word, and only one of these is allowed: {allowed}."
    )
    return (*before, Message(last.role, f"{last.content}\n\n{sentence}"))


def instruction(words: Sequence[str], reasons_first: bool) -> str:
    """What a prompt ends with: the verdicts that a judge chooses from, and where it writes its choice."""
    *others, last = words
    allowed = f"{', '.join(others)} or {last}"
    if reasons_first:
        return f'Give your reasons first. Then end with a line "Verdict: X", where X is {allowed}.'
    return f"Write {allowed} and nothing else."
