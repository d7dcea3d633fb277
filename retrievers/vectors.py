"""Vectors in FAISS, in an index chosen by size."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from math import log2
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRAIN = 64  # training vectors for each cell
LISTS = 8  # one in eight inverted lists is searched (faiss: a single one) until ``tune`` chooses
MAX_LISTS = 512  # inverted lists searched before ``tune`` chooses
MAX_EF_SEARCH = 4096  # candidates of an HNSW search that ``tune`` tries
MAX_ON_GPU = 2048  # results and inverted lists of a search on a GPU; FAISS refuses more


def factory_for(count: int, dimension: int) -> str:
    """FAISS' own guideline ("Guidelines to choose an index", wiki, 2026) as a factory string.

    Exact up to 200,000 vectors, inverted lists up to 10 million, compressed ones beyond.
    """
    if count <= 200_000:
        return "Flat"
    if count <= 2_000_000:
        return f"IVF{2 ** round(log2(4 * count**0.5))},Flat"
    if count <= 10_000_000:
        return "IVF65536_HNSW32,SQ8"
    parts = 48 if dimension % 48 == 0 else 32
    return f"OPQ{parts}_{4 * parts},IVF262144_HNSW32,PQ{parts}x4fsr"


@dataclass
class VectorIndex:
    """Unit vectors under int64 ids, searched by inner product (cosine).

    With ``faiss-gpu`` and a GPU, exact indexes and plain inverted lists are searched on the GPU, up to 2,048 results
    and lists; the index that is kept and saved is always the CPU's.

    Attributes:
        dimension: The length of a vector.
        factory: A FAISS factory string; ``auto`` chooses by the number of vectors that are added first.
        gpu: Use a GPU where there is one.
        index: The FAISS index; ``None`` until vectors are added.
    """

    dimension: int
    factory: str = "auto"
    gpu: bool = True
    index: Any = field(default=None, repr=False)
    _on_gpu: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return 0 if self.index is None else int(self.index.ntotal)

    def add(self, ids: Sequence[int] | NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors, shape (n, dimension); the first ones train an index that needs it.

        Raises:
            ValueError: another dimension, NaN, or a duplicate id.
        """
        import faiss
        import numpy as np

        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        keys = np.asarray(ids, dtype=np.int64)
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:
            raise ValueError(
                f"The index takes vectors of {self.dimension} numbers, not shape {vectors.shape}."
            )
        if not np.isfinite(vectors).all():
            row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise ValueError(f"Vector {row} holds NaN or infinity: embed its text again.")
        if len(keys) != len(vectors) or len(np.unique(keys)) != len(keys):
            raise ValueError("There must be one id for each vector, and no duplicate ids.")
        if self.index is None:
            self.factory = (
                factory_for(len(vectors), self.dimension) if self.factory == "auto" else self.factory
            )
            bare = faiss.index_factory(self.dimension, self.factory, faiss.METRIC_INNER_PRODUCT)
            self.index = faiss.IndexIDMap2(bare)
            if (ivf := faiss.try_extract_index_ivf(bare)) is not None:
                ivf.nprobe = min(MAX_LISTS, max(1, ivf.nlist // LISTS))
        elif len(self) and np.isin(keys, faiss.vector_to_array(self.index.id_map)).any():
            raise ValueError("An id is in the index already: delete it first.")
        if not self.index.is_trained:
            self._train(vectors)
        self.index.add_with_ids(vectors, keys)
        self._on_gpu = None

    def _train(self, vectors: NDArray[np.float32]) -> None:
        import faiss
        import numpy as np

        cells = getattr(faiss.try_extract_index_ivf(self.index.index), "nlist", 4096)
        if len(vectors) < cells:
            raise ValueError(
                f"{self.factory} needs at least {cells} vectors to be trained, not {len(vectors)}: "
                "add more at once or choose a smaller index."
            )
        rows = np.random.default_rng(0).permutation(len(vectors))[: TRAIN * cells]
        self.index.train(vectors[np.sort(rows)])

    def search(
        self, queries: NDArray[np.float32], k: int, ids: Collection[int] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Scores and ids of the ``k`` best for each query, shape (queries, k); id -1 where there are fewer.

        Args:
            queries: Unit vectors, shape (queries, dimension).
            k: Results per query.
            ids: Search among these only.

        Raises:
            ValueError: the index is empty, or the queries have another dimension.
        """
        import faiss
        import numpy as np

        if self.index is None:
            raise ValueError("The index is empty: add vectors before you search.")
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.dimension:
            raise ValueError(f"The index takes queries of {self.dimension} numbers, not {queries.shape}.")
        if ids is not None:
            selector = faiss.IDSelectorBatch(np.fromiter(ids, np.int64, len(ids)))
            return self.index.search(queries, k, params=self._parameters(selector))  # type: ignore[no-any-return]
        return self._ready(k).search(queries, k)  # type: ignore[no-any-return]

    def _parameters(self, selector: Any) -> Any:
        faiss: Any = import_module("faiss")  # its stubs lack these parameters

        ivf = faiss.try_extract_index_ivf(self.index.index)
        if ivf is not None:
            return faiss.SearchParametersIVF(sel=selector, nprobe=ivf.nprobe)
        if isinstance(faiss.downcast_index(self.index.index), faiss.IndexHNSW):
            return faiss.SearchParametersHNSW(sel=selector)
        return faiss.SearchParameters(sel=selector)

    def _ready(self, k: int) -> Any:
        """The index to search for ``k`` results: a copy on the GPU where there is one that can, else itself."""
        import faiss

        if not self.gpu or not hasattr(faiss, "StandardGpuResources") or not faiss.get_num_gpus():
            return self.index
        ivf = faiss.try_extract_index_ivf(self.index.index)
        if max(k, 0 if ivf is None else ivf.nprobe) > MAX_ON_GPU:
            return self.index
        if self._on_gpu is None:
            plain = self.factory == "Flat" or (self.factory.startswith("IVF") and "HNSW" not in self.factory)
            self._on_gpu = faiss.index_cpu_to_all_gpus(self.index) if plain else self.index
        return self._on_gpu

    def tune(self, queries: NDArray[np.float32], exact: NDArray[np.int64], recall: float = 0.95) -> float:
        """Search deeper until ``recall`` of the exact neighbours is reached; returns the recall reached.

        Args:
            queries: Sample queries, shape (n, dimension).
            exact: Ids of their exact neighbours, shape (n, k).
            recall: The share of the exact neighbours that must be found.
        """
        reached = 0.0
        for set_depth in self._depths():
            set_depth()
            self._on_gpu = None  # the copy has the depth before
            _, ids = self.search(queries, exact.shape[1])
            reached = _recall(ids, exact)
            if reached >= recall:
                break
        return reached

    def _depths(self) -> list[Callable[[], None]]:
        """Functions that set the depth of the search, from shallow to deep: lists, or candidates for HNSW."""
        import faiss

        if self.index is None:
            return []
        inner, name = faiss.try_extract_index_ivf(self.index.index), "nprobe"
        if inner is None:
            inner = getattr(faiss.downcast_index(self.index.index), "hnsw", None)
            name = "efSearch"
        if inner is None:
            return [lambda: None]
        max_depth = inner.nlist if name == "nprobe" else MAX_EF_SEARCH
        return [
            partial(setattr, inner, name, 2**i) for i in range(max_depth.bit_length()) if 2**i <= max_depth
        ]

    def delete(self, ids: Collection[int]) -> int:
        """Remove vectors; returns the number removed.

        Raises:
            ValueError: the index cannot remove vectors (HNSW).
        """
        import numpy as np

        if self.index is None:
            return 0
        try:
            removed = self.index.remove_ids(np.fromiter(ids, np.int64, len(ids)))
        except RuntimeError as error:
            raise ValueError(
                f"An index of the kind {self.factory} cannot remove vectors: build a new one without them."
            ) from error
        finally:
            self._on_gpu = None
        return int(removed)


def _recall(ids: NDArray[np.int64], exact: NDArray[np.int64]) -> float:
    hits = sum(len(set(a) & set(b)) for a, b in zip(ids.tolist(), exact.tolist(), strict=True))
    return hits / exact.size
