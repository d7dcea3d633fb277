"""A page to ask one's documents: ``python experiments/apps/ask.py``, or with a run's folder behind it.

Upload documents and ask; the page shows which strategy answered, why, at what cost, and the cited passage in its
document. Everything but the page is ``lcrag serve``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from lcrag import Application, ChunkedRetrieval, LaRARule, LongContext, Routed, TransformersReader
from lcrag.serving.http import create_server

PAGE = Path(__file__).with_name("page")
POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def with_page(application: Application) -> FastAPI:
    """The application's server, and the page at its root."""
    server = create_server(application)

    @server.middleware("http")
    async def only_the_page(request, call_next):
        reply = await call_next(request)
        if request.url.path != "/docs":
            reply.headers["content-security-policy"] = POLICY
        return reply

    server.mount("/", StaticFiles(directory=PAGE, html=True))
    return server


def default_application(keep: Path) -> Application:
    """SmolLM2 on this machine, and LaRA's rule between one passage and the whole document."""
    settings = {"max_tokens": 24, "allow_decline": False}  # so small a model declines too often
    strategies = (ChunkedRetrieval(k=1, **settings), LongContext(**settings))
    return Application(Routed(LaRARule(), strategies), TransformersReader("smollm2"), keep=keep)


def main() -> None:
    if len(sys.argv) > 1:
        from lcrag.commands.application import application_of

        run = Path(sys.argv[1])
        application = application_of(run, keep=run / "serving")
    else:
        application = default_application(Path("runs/ask"))
    print("http://127.0.0.1:8080")
    uvicorn.run(with_page(application), host="127.0.0.1", port=8080, log_level="warning")


if __name__ == "__main__":
    main()
