"""Rubrics: what a judge is asked about an answer, and what each of its verdicts scores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from lcrag.components.build import check_keys
from lcrag.components.yaml_file import read_yaml
from lcrag.errors import LcragError, did_you_mean
from lcrag.judges.framing import framed
from lcrag.schema import Answer, Question

Name = Literal["lara", "longmemeval", "simpleqa"]
SYSTEM = "You grade answers."
NO_ANSWER = "The text does not answer this question."  # the reference of a question without one
REQUIRED = ("question", "gold", "answer")
PLACEHOLDERS = (*REQUIRED, "passages")
KEYS = ["prompt", "unanswerable", "kinds", "verdicts", "reasons_first"]
_FOLDER = Path(__file__).with_name("rubrics")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[^\W\d_]+(?:[ _-]\w+)*")


@dataclass(frozen=True)
class Rubric:
    """What a judge is asked, and what its verdicts score.

    Attributes:
        prompt: The prompt, with ``{question}``, ``{gold}``, ``{answer}`` and perhaps ``{passages}``.
        verdicts: The score of each allowed word, 0 to 1.
        unanswerable: The prompt for questions that the text does not answer; empty where these are not graded.
        kinds: Prompts for questions of some kinds.
        reasons_first: Whether the judge gives reasons before its verdict.
    """

    prompt: str
    verdicts: Mapping[str, float]
    unanswerable: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    reasons_first: bool = False

    def prompt_for(self, question: Question) -> str:
        """The prompt for a question, empty where the rubric does not grade it."""
        return self.kinds.get(question.kind, self.prompt) if question.answerable else self.unanswerable

    def filled(self, question: Question, answer: Answer) -> str:
        """The prompt for one answer; the answer and its passages stand between marks."""
        passages = (f"Passage {i}:\n{p.text.strip()}" for i, p in enumerate(answer.evidence, start=1))
        values = {
            "question": question_text(question),
            "gold": gold_text(question),
            "answer": framed("answer", answer.text),
            "passages": framed("passages", "\n\n".join(passages)),
        }
        return _PLACEHOLDER.sub(lambda match: values[match[1]], self.prompt_for(question))


def question_text(question: Question) -> str:
    """The question, with its choices if it has any."""
    choices = (f"{letter}. {choice}" for letter, choice in zip("ABCDEFGHIJ", question.choices, strict=False))
    return "\n".join([question.text, *choices])


def gold_text(question: Question) -> str:
    """The gold answers; a question that has none and is not answerable has a sentence that says so."""
    return " or ".join(question.answers) or NO_ANSWER


def load_rubric(name: str | Path) -> Rubric:
    """A rubric by its name or from a YAML file.

    Raises:
        LcragError: there is no such rubric, or the file is not a rubric.
    """
    if str(name) in get_args(Name):
        return _from_mapping(read_yaml(_FOLDER / f"{name}.yaml"), str(name))
    path = Path(name)
    if not path.is_file():
        hint = did_you_mean(path.name, get_args(Name))
        raise LcragError(f"There is no rubric {str(name)!r}, neither by name nor as a file; {hint}")
    return _from_mapping(read_yaml(path), str(path))


def _from_mapping(content: Any, where: str) -> Rubric:
    if not isinstance(content, Mapping):
        raise LcragError(f"{where}: a rubric has the keys `prompt` and `verdicts`; see docs/judges.md.")
    check_keys(content, KEYS, where)
    for key in ("prompt", "verdicts"):
        if key not in content:
            raise LcragError(f"{where}: the key '{key}' is missing; see docs/judges.md.")
    kinds = content.get("kinds", {})
    if not isinstance(kinds, Mapping):
        raise LcragError(f"{where}: kinds: a mapping from kinds of questions to prompts is expected.")
    reasons_first = content.get("reasons_first", False)
    if not isinstance(reasons_first, bool):
        raise LcragError(f"{where}: reasons_first: true or false is expected, not {reasons_first!r}.")
    without = content.get("unanswerable")
    return Rubric(
        prompt=_prompt(content["prompt"], f"{where}: prompt"),
        verdicts=_verdicts(content["verdicts"], f"{where}: verdicts"),
        unanswerable="" if without is None else _prompt(without, f"{where}: unanswerable"),
        kinds={str(kind): _prompt(text, f"{where}: kinds.{kind}") for kind, text in kinds.items()},
        reasons_first=reasons_first,
    )


def _prompt(text: Any, where: str) -> str:
    if not isinstance(text, str):
        raise LcragError(f"{where}: a text is expected: begin it with `|` and indent its lines.")
    names = _PLACEHOLDER.findall(text)
    for name in names:
        if name not in PLACEHOLDERS:
            raise LcragError(f"{where}: unknown placeholder {{{name}}}; {did_you_mean(name, PLACEHOLDERS)}")
    for name in REQUIRED:
        if name not in names:
            raise LcragError(f"{where}: the placeholder {{{name}}} is missing.")
    return text.strip()


def _verdicts(text: Any, where: str) -> dict[str, float]:
    form = "write them in one line, such as `yes=1, partly=0.5, no=0`"
    if not isinstance(text, str):
        raise LcragError(f"{where}: {text!r} is not a list of verdicts: {form}.")
    scores: dict[str, float] = {}
    for part in text.split(","):
        word, _, number = (piece.strip() for piece in part.partition("="))
        try:
            score = float(number)
        except ValueError:
            score = -1
        if not _WORD.fullmatch(word) or not 0 <= score <= 1:
            raise LcragError(f"{where}: {part.strip()!r} is not a word with a score from 0 to 1: {form}.")
        if word.lower() in map(str.lower, scores):
            raise LcragError(f"{where}: {word!r} is a duplicate: give each verdict one score.")
        scores[word] = score
    if len(scores) < 2:
        raise LcragError(f"{where}: a judge needs at least two verdicts to choose from: {form}.")
    return scores
