"""``lcrag serve``: a run's application behind HTTP."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from lcrag.commands.output import say
from lcrag.errors import LcragError

Run = Annotated[Path, typer.Argument(help="Output folder of a run, or its YAML file.")]
StrategyName = Annotated[str, typer.Option(help="The strategy that answers; default: the run's best.")]
RouterFile = Annotated[
    Path | None, typer.Option(help="A router of `lcrag fit` that chooses among the run's strategies.")
]
Documents = Annotated[Path | None, typer.Option(help="A folder of documents instead of the run's.")]


def serve(
    run: Run,
    strategy: StrategyName = "",
    router: RouterFile = None,
    documents: Documents = None,
    host: Annotated[str, typer.Option(help="The address; 0.0.0.0 serves the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8080,
    keep: Annotated[
        Path | None, typer.Option(help="Folder of indexes and memories; default: RUN/serving.")
    ] = None,
    max_concurrency: Annotated[int, typer.Option(min=1, help="Questions at once; more are refused.")] = 64,
    max_megabytes: Annotated[float, typer.Option(min=0.001, help="Of a request, uploads included.")] = 32,
    max_dollars: Annotated[
        float | None, typer.Option(help="What the server may spend, restarts included.")
    ] = None,
    api_key_env: Annotated[
        str, typer.Option(help="Environment variable with the key that clients must send; empty for none.")
    ] = "",
) -> None:
    """Answer questions over HTTP as a run has: OpenAI's chat completions, with the route and its cost in the reply."""
    from lcrag.commands.application import application_of
    from lcrag.commands.run import quiet_libraries
    from lcrag.tables import many

    try:
        import uvicorn

        from lcrag.serving.http import create_server
    except ImportError as error:
        raise LcragError(f"lcrag serve needs `{error.name}`: pip install 'lcrag[serve]'.") from error
    quiet_libraries()
    key = os.environ.get(api_key_env, "") if api_key_env else ""
    if api_key_env and not key:
        raise LcragError(
            f"The environment variable {api_key_env} is not set: clients could not be told apart."
        )
    folder = keep or (run if run.is_dir() else run.parent) / "serving"
    application = application_of(run, strategy, router, documents, folder, max_dollars)
    for notice in application.store.notices:
        sys.stderr.write(f"lcrag: {notice}\n")
    server = create_server(
        application,
        max_concurrency=max_concurrency,
        max_bytes=int(max_megabytes * 1e6),
        api_key=key,
    )
    config = uvicorn.Config(server, host, port, log_level="warning", timeout_graceful_shutdown=30)
    socket = config.bind_socket()
    say(
        f"Serving {many(len(application.documents), 'document')} on http://{host}:{socket.getsockname()[1]}/v1 "
        "(stop it with Ctrl-C)"
    )
    with suppress(KeyboardInterrupt):  # uvicorn ends in order, and then raises the signal again
        uvicorn.Server(config).run([socket])
    say("Stopped.")
