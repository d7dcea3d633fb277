"""An index of passages on disk: vectors in FAISS, passages in Parquet, and a manifest that guards both."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrievers.base import chunked
from retrievers.chunkers import Chunker
from retrievers.passage import Passage
from retrievers.vectors import VectorIndex

if TYPE_CHECKING:
    from retrievers.dense import DenseIndex

FORMAT = 1


@dataclass
class DenseStore:
    """A dense index that can grow, shrink, and be saved.

    Attributes:
        embedder: see ``DenseRetriever``; its ``name`` goes into the manifest.
        chunker: cuts what is added.
        vectors: the vectors, by the passage's id.
        passages: the passages, by id.
    """

    embedder: Any
    chunker: Chunker
    vectors: VectorIndex
    passages: dict[int, Passage] = field(default_factory=dict)
    build_tokens: int = 0

    @classmethod
    def create(cls, embedder: Any, chunker: Chunker, factory: str = "auto", gpu: bool = True) -> DenseStore:
        """An empty store."""
        return cls(embedder, chunker, VectorIndex(0, factory, gpu))

    def add(self, texts: Mapping[str, str]) -> None:
        """Index more documents, given as text by id.

        Raises:
            ValueError: no documents, an empty one, or an id that is there already.
        """
        present = {p.document_id for p in self.passages.values()}
        if twice := sorted(present & set(texts)):
            raise ValueError(f"The document {twice[0]!r} is in the index already: delete it first.")
        new = chunked(texts, self.chunker)
        pieces = [p.text for p in new]
        made = self.embedder.embed_documents(pieces)
        if not len(self.vectors):
            self.vectors.dimension = made.shape[1]
        first = max(self.passages, default=-1) + 1
        ids = range(first, first + len(new))
        self.vectors.add(list(ids), made)
        self.passages |= dict(zip(ids, new, strict=True))
        self.build_tokens += int(self.embedder.count_tokens(pieces))

    def delete(self, document_ids: Collection[str]) -> int:
        """Forget documents; returns how many passages went.

        Raises:
            ValueError: the index cannot forget (HNSW).
        """
        gone = [i for i, p in self.passages.items() if p.document_id in set(document_ids)]
        count = self.vectors.delete(gone)
        for i in gone:
            del self.passages[i]
        return count

    def index(self) -> DenseIndex:
        """What is in the store, to search."""
        from retrievers.dense import DenseIndex

        return DenseIndex(self.passages, self.vectors, self.embedder, self.build_tokens)

    def save(self, folder: Path | str) -> None:
        """Write the store; a reader sees the old one or the new one, never half of one.

        Raises:
            ValueError: nothing was ever added, or it cannot be written.
        """
        if self.vectors.index is None:
            raise ValueError("The store is empty: add documents before you save it.")
        import faiss
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(dir=folder, prefix="v"))
            faiss.write_index(self.vectors.index, str(made / "vectors.faiss"))
            rows = [{"id": i, **asdict(p)} for i, p in self.passages.items()]
            pq.write_table(pa.Table.from_pylist(rows), made / "passages.parquet")
            manifest = {
                "format": FORMAT,
                "folder": made.name,
                "model": self.embedder.name,
                "dimension": self.vectors.dimension,
                "factory": self.vectors.factory,
                "passages": len(self.passages),
                "build_tokens": self.build_tokens,
                "checksums": {f.name: _checksum(f) for f in sorted(made.iterdir())},
                "versions": {"faiss": faiss.__version__, "pyarrow": version("pyarrow")},
            }
            temporary = made / "manifest.json"
            temporary.write_text(json.dumps(manifest, indent=1), "utf-8")
            temporary.replace(folder / "manifest.json")
        except (OSError, RuntimeError) as error:
            raise ValueError(f"The index could not be written to {folder} ({error}): make room.") from error
        _remove_others(folder, made.name)

    @classmethod
    def load(
        cls, folder: Path | str, embedder: Any, chunker: Chunker, *, mmap: bool = False, gpu: bool = True
    ) -> DenseStore:
        """Read a saved store.

        Args:
            folder: where it was saved.
            embedder: the model that made it.
            chunker: for what will be added.
            mmap: leave inverted lists on disk and read them when searched; such an index cannot grow.
            gpu: see ``VectorIndex``.

        Raises:
            ValueError: nothing is there, it is damaged, or another model made it.
        """
        import faiss
        import pyarrow.parquet as pq

        folder = Path(folder)
        manifest = _manifest(folder)
        if manifest["model"] != embedder.name:
            raise ValueError(
                f"The index in {folder} was made with {manifest['model']!r}, not {embedder.name!r}: "
                "load it with that model or build it anew."
            )
        made = folder / manifest["folder"]
        for name, checksum in manifest["checksums"].items():
            if not (made / name).is_file() or _checksum(made / name) != checksum:
                raise ValueError(f"The index in {folder} is damaged ({name}): build it anew.")
        flags = faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY if mmap else 0
        index = faiss.read_index(str(made / "vectors.faiss"), flags)
        vectors = VectorIndex(manifest["dimension"], manifest["factory"], gpu, index)
        rows = pq.read_table(made / "passages.parquet").to_pylist()
        passages = {row.pop("id"): Passage(**row) for row in rows}
        return cls(embedder, chunker, vectors, passages, manifest["build_tokens"])


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"There is no index in {folder}: {path.name} is missing.") from error
    except ValueError as error:
        raise ValueError(f"The index in {folder} is damaged ({path.name}): build it anew.") from error
    if manifest.get("format") != FORMAT:
        raise ValueError(
            f"The index in {folder} has format {manifest.get('format')}, not {FORMAT}: build it anew."
        )
    return manifest


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_others(folder: Path, keep: str) -> None:
    import shutil

    for other in folder.glob("v*"):
        if other.is_dir() and other.name != keep:
            shutil.rmtree(other, ignore_errors=True)
