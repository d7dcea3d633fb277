"""From pages and drafts of questions to a dataset."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lcrag.datasets.base import Dataset
from lcrag.generators.budget import Count
from lcrag.generators.page import Page
from lcrag.schema import Question, Task

Prompt = Literal["lcrag", "official"]


@dataclass(frozen=True)
class Draft:
    """A question before its page is written.

    Attributes:
        text: What is asked.
        task: How it is asked and scored.
        answers: The gold answers.
        evidence: The names of the pieces of the page that hold the gold evidence.
        choices: What multiple choice offers.
        kind: The kind of question; empty for the task's name.
        answerable: Whether the page answers it.
        metadata: Length, depth and whatever else is known.
    """

    text: str
    task: Task
    answers: tuple[str, ...]
    evidence: tuple[Hashable, ...] = ()
    choices: tuple[str, ...] = ()
    kind: str = ""
    answerable: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def overhead(self, count: Count) -> int:
        """Tokens of the prompt beside the page, and room for the answer, as RULER counts them.

        Of the authors' prompt and lcrag's the longer one counts, so that both have the same page.
        """
        tasks = (self.task, replace(self.task, template=""))
        return max(overhead(self.text, self.choices, task, count) for task in tasks)


@dataclass(frozen=True)
class Part:
    """One page and the questions on it."""

    id: str
    page: Page
    drafts: tuple[Draft, ...]


def overhead(text: str, choices: tuple[str, ...], task: Task, count: Count) -> int:
    """Tokens of a prompt beside its document, and room for the answer."""
    template = task.template or f"{{context}}\n\n{{question}}\n\n{task.instruction}"
    prompt = template.replace("{context}", "").replace("{question}", text).replace("{choices}", "")
    return count(prompt + "".join(f"\nA. {choice}" for choice in choices)) + task.max_tokens


def gather(name: str, prompt: Prompt, parts: Iterable[Part], notices: tuple[str, ...] = ()) -> Dataset:
    """All pages and questions, with the places of their evidence.

    Args:
        name: The dataset's name.
        prompt: ``official`` keeps the authors' prompts, ``lcrag`` only how the answer is asked for.
        parts: Pages and questions.
        notices: What should be told about the dataset.
    """
    documents, questions = [], []
    for part in parts:
        documents.append(part.page.document(part.id))
        for i, draft in enumerate(part.drafts, 1):
            task = draft.task
            if prompt != "official":
                task = replace(task, template="", passages_template="", system="", stop=())
            spans = [part.page.span(n, part.id) for n in draft.evidence]
            questions.append(
                Question(
                    id=part.id if len(part.drafts) == 1 else f"{part.id}-q{i}",
                    text=draft.text,
                    document_ids=(part.id,),
                    answers=draft.answers,
                    kind=draft.kind or task.name,
                    choices=draft.choices,
                    evidence=tuple(sorted(spans, key=lambda span: span.start)),
                    answerable=draft.answerable,
                    metadata={"task": task.name, **draft.metadata},
                    task=task,
                )
            )
    return Dataset(name, tuple(documents), tuple(questions), notices=notices)
