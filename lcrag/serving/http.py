"""An application behind HTTP, as OpenAI's clients know it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from lcrag.datasets.file_text import SUFFIXES, read_document
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.redaction import redact
from lcrag.runtime.caps import OverBudget
from lcrag.schema import Document
from lcrag.serving.application import Application
from lcrag.serving.asked import candidates
from lcrag.serving.chat_format import ChatRequest, FeedbackRequest, Reply, sse
from lcrag.serving.documents import UnknownDocument
from lcrag.serving.http_limits import Limits, error_body
from lcrag.version import __version__

OWN = "lcrag"  # the model's name that stands for the application's strategy


def create_server(
    application: Application,
    *,
    max_concurrency: int = 64,
    max_bytes: int = 32_000_000,
    api_key: str = "",
) -> FastAPI:
    """An ASGI application.

    ``/v1/chat/completions`` and ``/v1/models`` are OpenAI's: the model ``lcrag`` is the application's strategy, and
    each strategy among which it routes is a model of its name. ``/v1/documents`` lists, adds, replaces and removes
    documents. ``/docs`` describes everything.

    Args:
        application: what answers.
        max_concurrency: questions that are answered at once; one more is refused with 429.
        max_bytes: of a request's body; a larger one is refused with 413.
        api_key: the bearer token that requests must have; empty for none.
    """
    server = FastAPI(title="lcrag", version=__version__)
    server.add_middleware(Limits, max_bytes=max_bytes, max_concurrency=max_concurrency, api_key=api_key)
    server.add_exception_handler(LcragError, _explained)
    server.add_exception_handler(RequestValidationError, _invalid)
    server.add_exception_handler(HTTPException, _refused)

    @server.get("/health")
    def health() -> dict[str, str]:
        """Whether the server is there."""
        return {"status": "ok"}

    @server.get("/v1/models")
    def models() -> dict[str, Any]:
        """The application and its strategies."""
        names = [OWN, *candidates(application.strategy)]
        data = [{"id": n, "object": "model", "created": 0, "owned_by": "lcrag"} for n in names]
        return {"object": "list", "data": data}

    @server.post("/v1/chat/completions", response_model=None)
    async def complete(request: ChatRequest) -> Response:
        """Answer the last message; earlier ones are its conversation."""
        strategy = "" if request.model == OWN else request.model
        if strategy and strategy not in candidates(application.strategy):
            return JSONResponse(
                error_body(f"The model {request.model!r} does not exist.", "model_not_found"), 404
            )
        asked = request.asked(strategy)
        if not request.stream:
            return JSONResponse(Reply(request.model).whole(await application.ainvoke(asked)))
        pieces = application.astream(asked)
        first = await anext(pieces)  # what is refused is refused with a status of its own
        events = _events(first, pieces, Reply(request.model, request.stream_options.include_usage))
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"cache-control": "no-cache"}
        )

    @server.post("/v1/feedback")
    def feedback(given: FeedbackRequest) -> dict[str, Any]:
        """Say how good an answer was: its id is in the reply's field ``lcrag``."""
        taken = application.feedback(given.id, given.score, thumb=given.thumb, gold=given.gold)
        return {"id": taken.id, "score": taken.score, "replaces": taken.replaces}

    @server.get("/v1/documents")
    def documents() -> dict[str, Any]:
        """The documents and their lengths."""
        listed = [{"id": d.id, "characters": len(d.text)} for d in application.documents.values()]
        return {"object": "list", "data": listed}

    @server.get("/v1/documents/{id:path}")
    def document(id: str) -> dict[str, str]:
        """One document's text, into which citations point."""
        application.store.check(id)
        return {"id": id, "text": application.documents[id].text}

    @server.put("/v1/documents/{id:path}")
    async def put(id: str, request: Request) -> dict[str, int]:
        """Add a document, or replace the one of this id: the body is a file, and the id's ending says of which kind."""
        content = await request.body()
        return await asyncio.to_thread(lambda: application.add_documents([_document(id, content)]))

    @server.delete("/v1/documents/{id:path}")
    async def remove(id: str) -> dict[str, str]:
        """Remove a document."""
        await asyncio.to_thread(application.remove_documents, id)
        return {"removed": id}

    return server


def _document(id: str, content: bytes) -> Document:
    """A document from an uploaded file.

    Raises:
        LcragError: it is of another kind, or cannot be read.
    """
    suffix = Path(id).suffix.lower() or ".txt"
    if suffix not in SUFFIXES:
        raise LcragError(f"{id}: a document ends in {', '.join(SUFFIXES)}.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"upload{suffix}")
        file.write_bytes(content)
        try:
            return Document(id, read_document(file).text)
        except LcragError as error:
            raise LcragError(str(error).replace(str(file), id)) from error


async def _events(
    first: dict[str, Any], pieces: AsyncIterator[dict[str, Any]], reply: Reply
) -> AsyncIterator[str]:
    yield reply.piece(first["answer"])
    try:
        async for piece in pieces:
            yield reply.piece(piece["answer"]) if "answer" in piece else reply.end(piece)
    except Exception as error:
        yield sse(error_body(_told(error), "interrupted"))


def _told(error: Exception) -> str:
    return redact(str(error)) if isinstance(error, LcragError) else "The server failed; its log says why."


async def _explained(request: Request, error: Exception) -> Response:
    status, code = 400, "invalid_request"
    if isinstance(error, OverBudget):  # not 429: clients would try again
        status, code = 402, "over_budget"
    elif isinstance(error, ReaderUnavailable):
        status, code = 503, "reader_unavailable"
    elif isinstance(error, UnknownDocument) and request.url.path.startswith("/v1/documents/"):
        status, code = 404, "document_not_found"
    return JSONResponse(error_body(_told(error), code), status)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return JSONResponse(error_body(f"{place or 'body'}: {first['msg']}.", "invalid_request"), 400)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse(error_body(str(error.detail), "refused"), error.status_code)
