"""An index of passages on disk: vectors in FAISS, passages in Parquet, and a manifest with checksums of both."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from retrievers.base import chunked
from retrievers.chunkers import Chunker
from retrievers.embedding import Embedder
from retrievers.manifest import FORMAT, PASSAGES, VECTORS, damaged, read_manifest
from retrievers.passage import Passage
from retrievers.settings import check_settings, document_settings
from retrievers.vectors import VectorIndex
from retrievers.work import embed

if TYPE_CHECKING:
    from retrievers.dense import DenseIndex


@dataclass
class DenseStore:
    """A dense index that can grow, shrink, and be saved.

    Attributes:
        embedder: See ``DenseRetriever``; its name and the settings that its documents' vectors depend on
            are written into the manifest.
        chunker: Cuts the documents that are added.
        vectors: The vectors, by the passage's id.
        passages: The passages, by id.
        build_tokens: Tokens that the embedder read for all documents ever added.
    """

    embedder: Embedder
    chunker: Chunker
    vectors: VectorIndex
    passages: dict[int, Passage] = field(default_factory=dict)
    build_tokens: int = 0

    @classmethod
    def create(
        cls, embedder: Embedder, chunker: Chunker, factory: str = "auto", gpu: bool = True
    ) -> DenseStore:
        """An empty store."""
        return cls(embedder, chunker, VectorIndex(0, factory, gpu))

    def add(self, texts: Mapping[str, str]) -> None:
        """Index more documents, given as text by id.

        Raises:
            ValueError: there are no documents, one is empty, or an id is in the index already.
        """
        present = {p.document_id for p in self.passages.values()}
        if duplicates := sorted(present & set(texts)):
            raise ValueError(f"The document {duplicates[0]!r} is in the index already: delete it first.")
        new = chunked(texts, self.chunker)
        embedded = embed(self.embedder, [p.text for p in new])
        if not len(self.vectors):
            self.vectors.dimension = embedded.vectors.shape[1]
        first = max(self.passages, default=-1) + 1
        ids = range(first, first + len(new))
        self.vectors.add(list(ids), embedded.vectors)
        self.passages |= dict(zip(ids, new, strict=True))
        self.build_tokens += embedded.tokens

    def delete(self, document_ids: Collection[str]) -> int:
        """Remove documents; returns the number of passages removed.

        Raises:
            ValueError: the index cannot remove vectors (HNSW).
        """
        removed = set(document_ids)
        ids = [i for i, p in self.passages.items() if p.document_id in removed]
        count = self.vectors.delete(ids)
        for i in ids:
            del self.passages[i]
        return count

    def index(self) -> DenseIndex:
        """An index over everything in the store."""
        from retrievers.dense import DenseIndex

        return DenseIndex(self.passages, self.vectors, self.embedder, self.build_tokens)

    def save(self, folder: Path | str) -> None:
        """Write the store; a reader sees the old one or the new one, never a part of one.

        The files of the store that was there are removed; everything else in the folder stays.

        Raises:
            ValueError: nothing was ever added, or it cannot be written.
        """
        if self.vectors.index is None:
            raise ValueError("The store is empty: add documents before you save it.")
        import faiss
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = Path(folder)
        before = _version_before(folder)
        version_folder = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            version_folder = Path(tempfile.mkdtemp(dir=folder, prefix="v"))
            faiss.write_index(self.vectors.index, str(version_folder / VECTORS))
            rows = [{"id": i, **asdict(p)} for i, p in self.passages.items()]
            pq.write_table(pa.Table.from_pylist(rows), version_folder / PASSAGES)
            manifest = {
                "format": FORMAT,
                "folder": version_folder.name,
                "model": self.embedder.name,
                "settings": document_settings(self.embedder),
                "dimension": self.vectors.dimension,
                "factory": self.vectors.factory,
                "passages": len(self.passages),
                "build_tokens": self.build_tokens,
                "checksums": {f.name: _checksum(f) for f in sorted(version_folder.iterdir())},
                "versions": {"faiss": faiss.__version__, "pyarrow": version("pyarrow")},
            }
            temporary = version_folder / "manifest.json"
            temporary.write_text(json.dumps(manifest, indent=1), "utf-8")
            temporary.replace(folder / "manifest.json")
        except (OSError, RuntimeError) as error:
            if version_folder is not None:
                _remove(version_folder)
            raise ValueError(f"The index could not be written to {folder} ({error}): make room.") from error
        if before is not None:
            _remove(before)

    @classmethod
    def load(
        cls, folder: Path | str, embedder: Embedder, chunker: Chunker, *, mmap: bool = False, gpu: bool = True
    ) -> DenseStore:
        """Read a saved store.

        Args:
            folder: The folder of the saved store.
            embedder: The model that embedded its passages.
            chunker: Cuts the documents that are added later.
            mmap: Leave inverted lists on disk and read them when searched; such an index cannot grow.
            gpu: See ``VectorIndex``.

        Raises:
            ValueError: there is no store, it is damaged, or it belongs to another model or other settings.
        """
        import faiss
        import pyarrow.parquet as pq

        folder = Path(folder)
        manifest = read_manifest(folder)
        if manifest["model"] != embedder.name:
            raise ValueError(
                f"The index in {folder} was made with {manifest['model']!r}, not {embedder.name!r}: "
                "load it with that model or build it anew."
            )
        check_settings(folder, manifest, embedder)
        version_folder = folder / manifest["folder"]
        for name, checksum in manifest["checksums"].items():
            if _checksum(version_folder / name) != checksum:
                raise damaged(folder, name)
        flags = faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY if mmap else 0
        try:
            index = faiss.read_index(str(version_folder / VECTORS), flags)
            rows = pq.read_table(version_folder / PASSAGES).to_pylist()
            passages = {row.pop("id"): Passage(**row) for row in rows}
        except Exception as error:  # faiss, pyarrow and Passage make anything of files that are not theirs
            raise damaged(folder, f"{type(error).__name__}: {error}".splitlines()[0]) from error
        if index.d != manifest["dimension"] or not len(passages) == len(rows) == index.ntotal:
            raise damaged(folder, "vectors and passages do not belong together")
        vectors = VectorIndex(manifest["dimension"], manifest["factory"], gpu, index)
        return cls(embedder, chunker, vectors, passages, manifest["build_tokens"])


def _checksum(path: Path) -> str:
    """SHA-256 of a file; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _version_before(folder: Path) -> Path | None:
    """The folder of the files of the store that is in ``folder``."""
    try:
        return folder / str(read_manifest(folder)["folder"])
    except ValueError:
        return None


def _remove(version_folder: Path) -> None:
    """Remove the files of a store; a folder with anything else in it stays."""
    for name in (VECTORS, PASSAGES, "manifest.json"):
        with suppress(OSError):
            (version_folder / name).unlink()
    with suppress(OSError):
        version_folder.rmdir()
