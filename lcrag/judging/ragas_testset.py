"""Questions on documents of one's own, written by ragas' testset generator through our reader and embedder."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lcrag.errors import LcragError, reason
from lcrag.files import write_atomically
from lcrag.judges.base import JudgeTools
from lcrag.judges.ragas import import_adapters
from lcrag.judging.tools import Judging, MeteredJudge
from lcrag.readers.base import Completion, Message, Reader
from lcrag.schema import Document, Question, Span, Usage
from retrievers.chunkers.base import Chunker
from retrievers.chunkers.recursive import RecursiveChunker

PERSONAS = {"Reader": "Looks for facts in these documents and wants to understand them."}
SECONDS = 24 * 3600  # ragas gives up on a step after three minutes, which a local model may need
_HOP = re.compile(r"^<\d+-hop>\s*")


async def generate_questions(
    documents: Sequence[Document],
    judging: Judging,
    count: int = 10,
    *,
    chunker: Chunker | None = None,
    personas: Mapping[str, str] | None = None,
    max_tokens: int = 1024,
) -> tuple[tuple[Question, ...], Usage]:
    """Write questions with ragas' ``TestsetGenerator``: single-hop, and multi-hop where chunks have entities in common.

    The reader summarises each chunk, finds its themes and entities, and writes questions with answers on them. The
    chunks that a question was written from are its gold evidence. Replies are kept and what they cost is counted like a
    judge's, so a generation that was stopped asks only for what it lacks. Ragas draws at random without a seed: keep
    the questions (``save_questions``) rather than generating them again.

    Args:
        documents: what the questions are about.
        judging: reader, embedder and the file of replies.
        count: how many questions; duplicates are left out afterwards.
        chunker: how documents are cut; by default 2,000 characters without overlap.
        personas: who asks, as names with descriptions.
        max_tokens: maximum tokens of a reply.

    Returns:
        The questions, and what their making cost.

    Raises:
        LcragError: ``count`` is below 1, ragas is not installed, the reader cannot be asked or does not write the JSON
            that ragas asks for, or ragas cannot make questions of these documents.
    """
    if count < 1:
        raise LcragError(f"At least 1 question must be generated, not {count}.")
    adapters = import_adapters("The testset generator")
    chunks = _chunks(documents, chunker or RecursiveChunker(2000, 0))
    tools = MeteredJudge(judging)
    from_thread = _FromThread(tools, asyncio.get_running_loop())
    llm = adapters.JudgeLLM(from_thread, None, max_tokens, 0.0)
    embeddings = adapters.JudgeEmbeddings(from_thread)
    workers = judging.judge(None).max_concurrency
    who = dict(personas or PERSONAS)
    try:
        samples = await asyncio.to_thread(_generate, list(chunks), count, llm, embeddings, who, workers)
    except LcragError:
        raise
    except Exception as error:
        raise LcragError(
            f"ragas could not make questions ({reason(error)}): a larger model may follow its prompts."
        ) from error
    return tuple(_questions(samples, chunks)), tools.usage


def save_questions(questions: Sequence[Question], path: Path) -> None:
    """Write questions as the JSONL that the dataset ``files`` reads.

    Raises:
        LcragError: the file cannot be written.
    """
    lines = [
        {
            "id": q.id,
            "question": q.text,
            "documents": list(q.document_ids),
            "answers": list(q.answers),
            "kind": q.kind,
            "evidence": [span.text for span in q.evidence],
        }
        for q in questions
    ]
    try:
        write_atomically(path, "".join(f"{json.dumps(line)}\n" for line in lines))
    except OSError as error:
        raise LcragError(
            f"{path} could not be written ({error.strerror}): make room or give another."
        ) from error


def _chunks(documents: Sequence[Document], chunker: Chunker) -> dict[str, Span]:
    """The chunks by their text; of two with the same text the first."""
    chunks: dict[str, Span] = {}
    for document in documents:
        for start, end in chunker.split(document.text):
            text = document.text[start:end]
            chunks.setdefault(text, Span(document.id, start, end, text))
    return chunks


def _generate(
    chunks: list[str], count: int, llm: Any, embeddings: Any, personas: Mapping[str, str], workers: int
) -> list[Any]:
    """Ragas' samples; ragas brings an event loop of its own, so it needs a thread of its own."""
    from ragas.run_config import RunConfig
    from ragas.testset import TestsetGenerator
    from ragas.testset.persona import Persona
    from ragas.testset.transforms import Parallel
    from ragas.testset.transforms.extractors import EmbeddingExtractor, NERExtractor, SummaryExtractor
    from ragas.testset.transforms.extractors.llm_based import ThemesExtractor
    from ragas.testset.transforms.relationship_builders import CosineSimilarityBuilder
    from ragas.testset.transforms.relationship_builders.traditional import OverlapScoreBuilder

    # Ragas' own steps for chunks, with its thresholds, but without its tokenizer, which it would download.
    reading = {"llm": llm, "tokenizer": _Characters()}
    summary = {"property_name": "summary_embedding"}
    steps = [
        SummaryExtractor(**reading),
        Parallel(
            EmbeddingExtractor(embedding_model=embeddings, embed_property_name="summary", **summary),
            ThemesExtractor(**reading),
            NERExtractor(**reading),
        ),
        Parallel(
            CosineSimilarityBuilder(new_property_name="summary_similarity", threshold=0.7, **summary),
            OverlapScoreBuilder(threshold=0.01),
        ),
    ]
    who = [Persona(name=name, role_description=role) for name, role in personas.items()]
    generator = TestsetGenerator(llm, embeddings, persona_list=who)
    patient = RunConfig(timeout=SECONDS, max_workers=workers)
    return list(generator.generate_with_chunks(chunks, count, transforms=steps, run_config=patient).samples)


def _questions(samples: Sequence[Any], chunks: Mapping[str, Span]) -> list[Question]:
    questions: dict[str, Question] = {}
    for sample in samples:
        row = sample.eval_sample
        spans = [chunks[text] for c in row.reference_contexts or () if (text := _HOP.sub("", c)) in chunks]
        text, answer = str(row.user_input or "").strip(), str(row.reference or "").strip()
        if text and answer and spans:
            questions.setdefault(
                text,
                Question(
                    f"ragas-{len(questions) + 1}",
                    text,
                    tuple(dict.fromkeys(s.document_id for s in spans)),
                    (answer,),
                    str(sample.synthesizer_name).removesuffix("_query_synthesizer"),
                    evidence=tuple(spans),
                ),
            )
    return list(questions.values())


class _Characters:
    """A tokenizer whose tokens are characters; ragas cuts very long texts with it."""

    def encode(self, text: str) -> list[int]:
        return [ord(c) for c in text]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))


@dataclass(frozen=True)
class _FromThread:
    """The tools for a thread with another event loop: everything is asked on the loop that owns them."""

    tools: JudgeTools
    loop: asyncio.AbstractEventLoop = field(repr=False)

    async def ask(
        self, messages: Sequence[Message], *, judge: Reader | None = None, **options: Any
    ) -> Completion:
        work = self.tools.ask(messages, judge=judge, **options)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))  # type: ignore[arg-type]

    async def embed(self, texts: Sequence[str], kind: Literal["query", "document"]) -> Any:
        work = self.tools.embed(texts, kind)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))  # type: ignore[arg-type]
