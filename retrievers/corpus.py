"""A corpus that outgrows one machine: Ray Data reads, cuts and embeds its files; a database keeps the vectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from retrievers.base import chunked
from retrievers.remote import RemoteRetriever

ROWS = 64  # documents of a Parquet file that are read at a time


@dataclass(frozen=True)
class Shard:
    """A file of the corpus whose passages are all in the database.

    Attributes:
        file: The file, as it was named.
        digest: A hash of its size and its first and last bytes: a changed file is embedded again.
        documents: Documents in it; empty ones are left out.
        passages: Passages in the database.
        tokens: Tokens that the embedder read.
    """

    file: str
    digest: str
    documents: int
    passages: int
    tokens: int


@dataclass(frozen=True)
class Corpus:
    """What a set in a database holds.

    Attributes:
        shards: Every file, in the order in which the files were given.
        embedded: How many of them this call has embedded; earlier calls had done the others.
    """

    shards: tuple[Shard, ...]
    embedded: int

    @property
    def passages(self) -> int:
        """Passages of all files."""
        return sum(shard.passages for shard in self.shards)

    @property
    def tokens(self) -> int:
        """Tokens that the embedder read for all files: the retriever's ``build_tokens``."""
        return sum(shard.tokens for shard in self.shards)


def embed_corpus(
    files: Sequence[Path | str],
    make: Callable[[], RemoteRetriever],
    set_name: str,
    done: Path | str,
    *,
    actors: int = 2,
    resources_per_actor: Mapping[str, float] | None = None,
    text: str = "text",
    id: str = "id",
) -> Corpus:
    """Embed every file by Ray Data and add its passages to a set of a database.

    A file is a shard. When all its passages are in the database, a line in ``done`` says so; a call after a crash
    goes on with the files that have no line. A file that was half done is repeated, which adds no passage twice.

    Args:
        files: Parquet or JSON Lines files with a column for texts and one for ids, or text files, which are one
            document each, named by their path. Every node must find them there.
        make: Makes the retriever that embeds and keeps; it is called once on each actor, which loads its own model.
        set_name: The set's name; a retriever with this ``set_name`` searches it.
        done: The file that says what is done.
        actors: How many actors embed at a time.
        resources_per_actor: What Ray reserves for each, such as ``{"num_gpus": 1}``; one processor by default.
        text: The column with the documents' texts.
        id: The column with their ids.

    Raises:
        ValueError: Ray is not installed, a file is missing or has no such column, or the database cannot be used.
    """
    try:
        import ray
    except ImportError as error:
        raise ValueError("Embedding a corpus needs Ray: pip install 'lcrag[ray]'.") from error
    done = Path(done)
    digests = {str(file): _digest(Path(file)) for file in files}
    finished = {(s.file, s.digest): s for s in _finished(done)}
    missing = [{"file": f, "digest": d} for f, d in digests.items() if (f, d) not in finished]
    if missing:
        shards = ray.data.from_items(missing, override_num_blocks=len(missing)).map(
            _Embedding,
            fn_constructor_args=(make, set_name, text, id),
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(actors, len(missing))),
            **(resources_per_actor or {"num_cpus": 1}),
        )
        done.parent.mkdir(parents=True, exist_ok=True)
        with done.open("a", encoding="utf-8") as journal:
            journal.write("\n")  # a crash may have cut the last line
            for row in shards.iter_rows():
                if row["error"]:
                    raise ValueError(row["error"])
                shard = Shard(**{k: v for k, v in row.items() if k != "error"})
                journal.write(json.dumps(asdict(shard)) + "\n")
                journal.flush()
                finished[shard.file, shard.digest] = shard
    return Corpus(tuple(finished[f, d] for f, d in digests.items()), len(missing))


class _Embedding:
    """What runs in an actor."""

    def __init__(self, make: Callable[[], RemoteRetriever], set_name: str, text: str, id: str) -> None:
        self.retriever, self.set_name, self.text, self.id = make(), set_name, text, id

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            return asdict(self._embedded(row["file"], row["digest"])) | {"error": ""}
        except ValueError as error:  # told as it is, without Ray's trace
            return asdict(Shard(row["file"], row["digest"], 0, 0, 0)) | {"error": f"{row['file']}: {error}"}

    def _embedded(self, file: str, digest: str) -> Shard:
        documents = passages = tokens = 0
        for texts in documents_of(Path(file), self.text, self.id):
            new = chunked(texts, self.retriever.chunker)
            tokens += self.retriever.fill(self.set_name, new)
            documents, passages = documents + len(texts), passages + len(new)
        return Shard(file, digest, documents, passages, tokens)


def documents_of(file: Path, text: str = "text", id: str = "id") -> Iterator[dict[str, str]]:
    """The documents of a file as text by id, some at a time; empty ones are left out.

    Raises:
        ValueError: it has no such column.
    """
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(file) as table:
            _check_columns(table.schema_arrow.names, text, id)
            for batch in table.iter_batches(ROWS, columns=[id, text]):
                yield from _documents(batch.to_pylist(), text, id)
    elif file.suffix == ".jsonl":
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                _check_columns(list(row), text, id)
                yield from _documents([row], text, id)
    else:
        yield from _documents([{id: str(file), text: file.read_text("utf-8")}], text, id)


def _documents(rows: Sequence[Mapping[str, Any]], text: str, id: str) -> Iterator[dict[str, str]]:
    if texts := {str(row[id]): row[text] for row in rows if row[text] and row[text].strip()}:
        yield texts


def _check_columns(names: Sequence[str], *wanted: str) -> None:
    for name in wanted:
        if name not in names:
            raise ValueError(f"there is no column {name!r}, only {', '.join(names)}.")


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            size = file.stat().st_size
            first = content.read(65_536)
            content.seek(max(0, size - 65_536))
            return sha256(b"%d " % size + first + content.read()).hexdigest()[:16]
    except OSError as error:
        raise ValueError(f"{file} cannot be read ({error.strerror}): correct the path.") from error


def _finished(done: Path) -> Iterator[Shard]:
    """The shards of earlier calls; a line that was cut by a crash is left out."""
    if not done.is_file():
        return
    for line in done.read_text("utf-8").splitlines():
        try:
            yield Shard(**json.loads(line))
        except (ValueError, TypeError):
            continue
