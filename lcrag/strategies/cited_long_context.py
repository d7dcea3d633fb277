"""Long context with citations: every sentence of the answer names the passages that support it."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.citations import citation_scores, cited_numbers, without_citations
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat, passages_block
from lcrag.strategies.pieces.truncation import Truncate, fit_passages
from retrievers.chunkers import RecursiveChunker

CITE = (
    "Answer briefly. End every sentence with the numbers of the one to three passages that support it, "
    "each in square brackets, like this: It opened in May [2][5]."
)


@dataclass(frozen=True)
class CitedLongContext(Strategy):
    """Put the document into the prompt as numbered passages, which the answer cites (L-CiteEval, arXiv 2410.02115).

    ``notes``: ``citations``, ``citations_out_of_range``, and L-CiteEval's ``citation_recall``,
    ``citation_precision`` and ``citation_f1``. The cited passages are the evidence.

    Attributes:
        chunk_chars: maximum characters of a passage.
        entailment: what decides whether a passage supports a sentence: ``lexical`` (shared words, a rough
            substitute) or the Hugging Face name of a natural language inference cross-encoder; L-CiteEval uses
            tasksource/deberta-base-long-nli.
        max_tokens: maximum tokens of the answer.
        truncate: which passages to leave out when they do not all fit.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: no solved example is shown (the paper shows one), and by default shared words decide what
    supports a sentence, not an entailment model.
    """

    name: str = "cited_long_context"
    chunk_chars: int = 1000
    entailment: str = "lexical"
    max_tokens: int = 96
    truncate: Truncate = "error"
    allow_decline: bool = True
    document_first = True
    card = Card(
        "L-CiteEval, arXiv 2410.02115",
        "1",
        "D",
        "people check the answers and need the places in the document",
        case=(
            "citation F1 on multi-document QA: GPT-4o 56.10, Llama-3.1-8B 41.64, Qwen2.5-3B 9.37 "
            "(L-CiteEval's table); what citing costs in accuracy: not measured"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call."""
        chunker = RecursiveChunker(self.chunk_chars, 0)
        all_passages = [
            Passage(d.text[s:e], d.id, s, e)
            for d in tools.documents(question)
            for s, e in chunker.split(d.text)
            if d.text[s:e].strip()
        ]
        ending = answer_block(question, self.allow_decline, form=CITE)
        passages, truncation = fit_passages(
            question, all_passages, ending, tools, answer_tokens(question, self.max_tokens), self.truncate
        )
        text = passages_block(passages)
        completion = await tools.read(
            chat(text + ending), max_tokens=answer_tokens(question, self.max_tokens), prefix_chars=len(text)
        )
        numbers = cited_numbers(completion.text)
        valid = [n for n in numbers if 1 <= n <= len(passages)]
        answer = without_citations(completion.text)
        scores = citation_scores(completion.text, [p.text for p in passages], self.entailment)
        return Answer(
            answer,
            tuple(passages[n - 1] for n in dict.fromkeys(valid)),
            declined=declines(answer),
            truncation=truncation,
            notes={"citations": len(numbers), "citations_out_of_range": len(numbers) - len(valid), **scores},
        )
