"""Long context with citations: every sentence of the answer names the passages it stands on."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.citations import citation_scores, cited_numbers, without_citations
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import DECLINE, chat, passages_block, question_block
from lcrag.strategies.pieces.truncation import Truncate, fit_passages
from retrievers.chunkers import RecursiveChunker

CITE = (
    "Answer briefly. End every sentence with the numbers of the one to three passages that it stands on, "
    "each in square brackets, like this: It opened in May [2][5]."
)


@dataclass(frozen=True)
class CitedLongContext(Strategy):
    """The whole document as numbered passages; the answer cites them (Tang et al. 2024, arXiv 2410.02115, L-CiteEval).

    ``notes``: ``citations``, ``citations_out_of_range``, and L-CiteEval's ``citation_recall``,
    ``citation_precision`` and ``citation_f1`` of the sentences of the answer. Cited passages are its evidence.

    Attributes:
        chunk_chars: characters of a passage at most.
        entailment: how a passage is found to support a sentence: ``lexical`` (words in common, a stand-in), or
            the Hugging Face name of a natural language inference cross-encoder; L-CiteEval takes
            tasksource/deberta-base-long-nli.
        max_tokens: tokens of the answer at most.
        truncate: which passages to leave out when not all fit.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "cited_long_context"
    chunk_chars: int = 1000
    entailment: str = "lexical"
    max_tokens: int = 96
    truncate: Truncate = "error"
    allow_decline: bool = True
    document_first = True
    card = Card(
        "L-CiteEval, arXiv 2410.02115", "1", "D", "answers have to be checked by a reader who wants the place"
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call."""
        chunker = RecursiveChunker(self.chunk_chars, 0)
        whole = [
            Passage(d.text[s:e], d.id, s, e)
            for d in tools.documents(question)
            for s, e in chunker.split(d.text)
            if d.text[s:e].strip()
        ]
        ending = question_block(question, CITE, DECLINE if self.allow_decline else "")
        passages, cut = fit_passages(question, whole, ending, tools, self.max_tokens, self.truncate)
        text = passages_block(passages)
        completion = await tools.read(chat(text + ending), max_tokens=self.max_tokens, prefix_chars=len(text))
        numbers = cited_numbers(completion.text)
        inside = [n for n in numbers if 1 <= n <= len(passages)]
        said = without_citations(completion.text)
        scores = citation_scores(completion.text, [p.text for p in passages], self.entailment)
        return Answer(
            said,
            tuple(passages[n - 1] for n in dict.fromkeys(inside)),
            declined=declines(said),
            truncation=cut,
            notes={"citations": len(numbers), "citations_out_of_range": len(numbers) - len(inside), **scores},
        )
