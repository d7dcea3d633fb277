"""What a language model might say to the prompts of the strategies, so that each of them goes its whole way."""

from __future__ import annotations

import re
from collections.abc import Sequence

FACTS = (  # the cue of a question, the sentence that answers it, the answer
    ("founded", "Northwind was founded in 1987 in Bergen by Ole Dahl.", "1987"),
    ("paint", "Its kites are painted with a lacquer made of pine resin.", "pine resin"),
    ("lamps", "Southbay sold 300 lamps in spring and 450 lamps in autumn.", "750"),
    ("chief", "The chief of Southbay is Ada Moss, who followed her aunt.", "Ada Moss"),
    ("Tromso", "The harbour of Tromso was closed in 1993 because of ice.", "1993"),
)


def reply(messages: Sequence[dict[str, str]]) -> str:
    """A plausible answer to the last message."""
    prompt = messages[-1]["content"]
    task = prompt[-420:]
    return next((say(prompt) for cue, say in ROUTES if cue in task), None) or answer(prompt)


def answer(prompt: str) -> str:
    """The answer, where the prompt shows the sentence that it stands in."""
    question = prompt.rpartition("Question: ")[2] or prompt
    known = (a for cue, sentence, a in FACTS if cue in question and (sentence in prompt or a in prompt))
    return next(known, "unanswerable")


def sentences_of(prompt: str, count: int) -> list[str]:
    """The first sentences of the prompt that say something about somebody."""
    told = re.findall(r"[A-Z][^.\n]{20,}\.", prompt.partition("Question:")[0])
    return list(dict.fromkeys(s for s in told if not s.startswith(("List", "Write", "Copy"))))[:count]


def bullets(prompt: str, count: int = 2) -> str:
    return "\n".join(f"- {s}" for s in sentences_of(prompt, count)) or "none"


def quoted(prompt: str) -> str:
    """A sentence of the text, and one that is in no text."""
    cue = prompt.rpartition("Question: ")[2]
    right = [f"- {s}" for c, s, _ in FACTS if c in cue and s in prompt]
    answered = f"\nAnswer: {answer(prompt)}" if "Then write" in prompt else ""
    return "\n".join([*right, "- It was a long winter, and nobody sold anything."]) + answered


def operation(prompt: str) -> str:
    """What a memory does with a new fact: every operation for some facts."""
    new = prompt.rpartition("New fact: ")[2].partition("\n")[0]
    return (
        '{"op": "ADD"}',
        f'{{"op": "UPDATE", "id": 1, "text": "{new} So it is."}}',
        '{"op": "DELETE", "id": 1}',
        '{"op": "NONE"}',
    )[len(new) % 4]


def next_line(prompt: str) -> str:
    """One follow-up question, its answer, then the end."""
    trace = prompt.rpartition("Question: ")[2]
    if 'begins with "Intermediate answer' in trace:
        return "Intermediate answer: It was in the north."
    if "\nFollow up: " in trace or '"Follow up: "' not in trace:
        return f"So the final answer is: {answer(prompt)}"
    return "Follow up: Where was it?"


def thought(prompt: str) -> str:
    if "The argument so far" in prompt:
        return f"So the answer is {answer(prompt)}."
    return "The company must have begun somewhere on the coast."


def grade(prompt: str) -> str:
    cue = prompt.rpartition("Question: ")[2]
    if "chief" in cue:  # no passage helps: the corrective strategy searches again
        return "unsure" if "Southbay" in prompt else "no"
    return "yes" if answer(prompt) != "unanswerable" else "no"


ROUTES = (
    ("Copy, word for word", quoted),
    ("List the facts", bullets),
    ("List what is worth remembering", lambda p: bullets(p, 3)),
    ("Write one JSON object", operation),
    ("natural place to pause", lambda p: "2"),
    ("Shorten this page", lambda p: " ".join(sentences_of(p, 1)) or "A page."),
    ("must be read in full", lambda p: "1, 2"),
    ("Which one page", lambda p: "1" if "in full: none" in p else "STOP"),
    ("Write one line that begins", next_line),
    ("Does this passage help", grade),
    ("one better search query", lambda p: "chief of Southbay aunt"),
    ("about a certain time", lambda p: '{"start": "1980-01-01", "end": "1999-12-31"}'),
    ("Break this writing task", lambda p: "\n".join(
        f"Paragraph {i} - Main Point: the {what} - Word Count: 200" for i, what in enumerate(("start", "end"), 1)
    )),
    ("Write only the next paragraph", lambda p: f"In those days much was said. {answer(p)}."),
    ("How likely is it", lambda p: "80" if "1987" in p else "20"),
    ("Write down clues", lambda p: "- founded in Bergen\n- painted with a lacquer"),
    ("other ways to ask", lambda p: "- In which year did it begin?\n- Who began it?"),
    ("next sentence of a step-by-step", thought),
    ("in short: who, what", lambda p: " ".join(sentences_of(p, 2)) or "Nothing happens."),
    ("Write a summary of", lambda p: " ".join(sentences_of(p, 2)) or "Nothing happens."),
    ("Write down what in this item", lambda p: " ".join(sentences_of(p, 1)) if "1987" in p else "empty"),
    ("short passage that answers", lambda p: "The company was founded long ago in a town on the coast."),
    ("Think step by step", lambda p: f"The text says it in passing.\nAnswer: {answer(p)}"),
    ("End every sentence with", lambda p: f"It is {answer(p)} [1]."),
)  # fmt: skip
