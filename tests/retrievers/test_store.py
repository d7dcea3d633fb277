"""Vectors in FAISS and stores on disk: exact, filtered, grown, shrunk, damaged, full."""

import errno
import json

import numpy as np
import pytest

pytest.importorskip("faiss")
import faiss

from embedders import SentenceTransformerEmbedder
from retrievers import DenseRetriever, DenseStore, RecursiveChunker, VectorIndex
from retrievers.vectors import factory_for

SMALL = RecursiveChunker(60, 0)


def unit(n, d, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def vectors():
    return unit(3000, 32)


def test_flat_search_equals_brute_force(vectors):
    index = VectorIndex(32)
    index.add(range(3000), vectors)
    queries = unit(20, 32, 1)
    scores, ids = index.search(queries, 10)
    brute = queries @ vectors.T
    assert np.array_equal(ids, np.argsort(-brute, axis=1)[:, :10])
    assert scores == pytest.approx(np.take_along_axis(brute, ids, 1), abs=1e-5)


@pytest.mark.parametrize("factory", ["Flat", "IVF32,Flat", "HNSW32", "IVF32,SQ8", "IVF16,PQ8x4fs"])
def test_every_kind_of_index_searches_filters_saves_and_is_tuned(factory, vectors, tmp_path):
    index = VectorIndex(32, factory)
    index.add(np.arange(3000) * 7, vectors)
    queries = unit(30, 32, 2)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10] * 7
    reached = index.tune(queries, exact, 0.95)
    assert reached >= (0.95 if "PQ" not in factory else 0.2)
    some = [i * 7 for i in range(100)]
    _, ids = index.search(queries, 5, some)
    assert set(ids.ravel().tolist()) <= {*some, -1}


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that is emulated: a copy of the index, which refuses what a GPU refuses; returns the copies made."""
    copies = []

    class OnGpu:
        def __init__(self, index):
            self.index = faiss.clone_index(index)
            copies.append(self)

        def search(self, queries, k):
            ivf = faiss.try_extract_index_ivf(faiss.downcast_index(self.index).index)
            lists = 0 if ivf is None else ivf.nprobe
            if max(k, lists) > 2048:
                raise RuntimeError("GPU index only supports k and nprobe up to 2048")
            return self.index.search(queries, k)

    monkeypatch.setattr(faiss, "StandardGpuResources", object, raising=False)
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1, raising=False)
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", OnGpu, raising=False)
    return copies


def recall_of(ids, exact):
    hits = [len(set(a) & set(b)) for a, b in zip(ids.tolist(), exact.tolist(), strict=True)]
    return sum(hits) / exact.size


def test_an_index_on_a_gpu_is_searched_as_deep_as_it_was_tuned(gpu, vectors):
    index = VectorIndex(32, "IVF32,Flat")
    index.add(range(3000), vectors)
    queries = unit(30, 32, 2)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    assert recall_of(index.search(queries, 10)[1], exact) < 0.8 and gpu
    reached = index.tune(queries, exact, 0.95)
    assert reached >= 0.95
    assert recall_of(index.search(queries, 10)[1], exact) == pytest.approx(reached)
    processor = VectorIndex(32, "IVF32,Flat", gpu=False)
    processor.add(range(3000), vectors)
    assert processor.tune(queries, exact, 0.95) == pytest.approx(reached)


def test_what_a_gpu_cannot_search_is_searched_by_the_processor(gpu, vectors):
    index = VectorIndex(32)
    index.add(range(3000), vectors)
    assert index.search(vectors[:1], 2049)[1].shape == (1, 2049) and not gpu
    assert index.search(vectors[:1], 2048)[1].shape == (1, 2048) and gpu
    many = VectorIndex(2, "IVF2500,Flat")
    many.add(range(2600), unit(2600, 2))
    faiss.try_extract_index_ivf(many.index.index).nprobe = 2500
    assert many.search(unit(1, 2), 2600 - 2048)[1].min() >= 0


def test_an_index_that_nobody_tuned_finds_most_and_stays_so_on_disk(tmp_path):
    """Vectors in groups, as texts are."""
    centres, rng = unit(200, 32), np.random.default_rng(1)
    rows = np.repeat(centres, 20, axis=0) + 0.16 * rng.normal(size=(4000, 32)).astype(np.float32)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    index = VectorIndex(32, "IVF64,Flat")
    index.add(range(4000), rows)
    queries = rows[::40] + 0.1 * unit(100, 32, 3)
    exact = np.argsort(-(queries @ rows.T), axis=1)[:, :10]
    _, found = index.search(queries, 10)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.tolist(), exact.tolist(), strict=True)])
    assert recall > 0.9
    faiss.write_index(index.index, str(tmp_path / "i"))
    index.index = faiss.read_index(str(tmp_path / "i"))
    assert np.array_equal(index.search(queries, 10)[1], found)


def test_the_index_grows_and_forgets(vectors):
    index = VectorIndex(32)
    index.add(range(100), vectors[:100])
    index.add(range(100, 200), vectors[100:200])
    assert index.delete([5, 6, 999]) == 2 and len(index) == 198
    _, ids = index.search(vectors[5:6], 1)
    assert ids[0, 0] != 5
    graph = VectorIndex(32, "HNSW16")
    graph.add(range(50), vectors[:50])
    with pytest.raises(ValueError, match="HNSW16 cannot remove"):
        graph.delete([1])


def test_bad_vectors_are_refused_in_words(vectors):
    index = VectorIndex(32)
    with pytest.raises(ValueError, match="is empty"):
        index.search(vectors[:1], 1)
    broken = vectors[:3].copy()
    broken[1, 4] = np.nan
    with pytest.raises(ValueError, match="Vector 1 holds NaN"):
        index.add(range(3), broken)
    with pytest.raises(ValueError, match="no duplicate ids"):
        index.add([1, 1], vectors[:2])
    index.add([1], vectors[:1])
    with pytest.raises(ValueError, match="in the index already"):
        index.add([1], vectors[:1])
    with pytest.raises(ValueError, match="vectors of 32 numbers"):
        index.add([2], vectors[:1, :5])
    with pytest.raises(ValueError, match="queries of 32 numbers"):
        index.search(vectors[:1, :5], 1)
    with pytest.raises(ValueError, match="at least 64 vectors to be trained"):
        VectorIndex(32, "IVF64,Flat").add(range(10), vectors[:10])


def test_the_choice_by_size():
    assert factory_for(10_000, 384) == "Flat" == factory_for(200_000, 384)
    assert factory_for(1_000_000, 384) == "IVF4096,Flat"
    assert factory_for(5_000_000, 384) == "IVF65536_HNSW32,SQ8"
    assert factory_for(50_000_000, 384).startswith("OPQ48_192,IVF262144_HNSW32")
    for n in (1, 10**6, 10**7, 10**8):
        assert faiss.index_factory(384, factory_for(n, 384), faiss.METRIC_INNER_PRODUCT).d == 384


@pytest.fixture
def store(texts, embedder):
    made = DenseStore.create(embedder, SMALL)
    made.add(texts)
    return made


def test_a_store_finds_what_a_retriever_finds_before_and_after_saving(store, texts, embedder, tmp_path):
    direct = DenseRetriever(embedder, SMALL).build(texts)
    queries = ["harbour opened", "a lamp has light"]
    assert store.index().search(queries, 4) == direct.search(queries, 4)
    store.save(tmp_path / "deep" / "index")
    back = DenseStore.load(tmp_path / "deep" / "index", embedder, SMALL)
    assert back.index().search(queries, 4) == direct.search(queries, 4)
    assert back.build_tokens == direct.build_tokens
    mapped = DenseStore.load(tmp_path / "deep" / "index", embedder, SMALL, mmap=True)
    assert mapped.index().search(queries, 4) == direct.search(queries, 4)


def test_documents_come_and_go(store, embedder, tmp_path):
    with pytest.raises(ValueError, match="'a' is in the index already"):
        store.add({"a": "Again."})
    before = len(store.passages)
    gone = store.delete(["a"])
    assert 0 < gone == before - len(store.passages)
    assert not any("harbour" in p.text for p in store.index().search(["harbour"], 50)[0])
    store.add({"a": "The harbour is back."})
    store.save(tmp_path)
    store.delete(["b"])
    store.save(tmp_path)
    assert len(list(tmp_path.glob("v*"))) == 1
    back = DenseStore.load(tmp_path, embedder, SMALL)
    assert "back" in back.index().search(["harbour"], 1)[0][0].text
    assert {p.document_id for p in back.passages.values()} == {"a", "c"}


def test_a_mismatched_damaged_or_missing_index_is_refused(store, embedder, tmp_path):
    with pytest.raises(ValueError, match="There is no index in"):
        DenseStore.load(tmp_path, embedder, SMALL)
    store.save(tmp_path)

    with pytest.raises(ValueError, match="made with 'words', not 'other'"):
        DenseStore.load(tmp_path, type(embedder)(name="other"), SMALL)
    (data,) = tmp_path.glob("v*/vectors.faiss")
    data.write_bytes(data.read_bytes()[:-5])
    with pytest.raises(ValueError, match=r"is damaged \(vectors.faiss\)"):
        DenseStore.load(tmp_path, embedder, SMALL)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))
    with pytest.raises(ValueError, match="has format 99"):
        DenseStore.load(tmp_path, embedder, SMALL)
    manifest.write_text("{")
    with pytest.raises(ValueError, match=r"is damaged \(manifest.json\)"):
        DenseStore.load(tmp_path, embedder, SMALL)


@pytest.mark.parametrize(
    "setting", [{"temperature": 1.3}, {"pooling": "cls"}, {"document_prompt": "passage: "}], ids=str
)
def test_an_index_is_not_loaded_with_settings_that_give_documents_other_vectors(setting, tmp_path):
    store = DenseStore.create(SentenceTransformerEmbedder(), SMALL)
    store.add({"a": "The harbour opened in 1987."})
    store.save(tmp_path)
    ((name, value),) = setting.items()
    with pytest.raises(ValueError, match=rf"with {name}=.*, not {name}={value!r}: load it with") as raised:
        DenseStore.load(tmp_path, SentenceTransformerEmbedder(**setting), SMALL)
    assert str(tmp_path) in str(raised.value) and "\n" not in str(raised.value)


def test_an_index_is_loaded_with_settings_that_no_vector_of_a_document_depends_on(tmp_path):
    store = DenseStore.create(SentenceTransformerEmbedder(), SMALL)
    store.add({"a": "The harbour opened in 1987.", "b": "A lamp gives light."})
    store.save(tmp_path)
    other = SentenceTransformerEmbedder(batch_size=2, query_prompt="query: ", overflow="error")
    back = DenseStore.load(tmp_path, other, SMALL)
    assert back.index().search(["When did the harbour open?"], 1)[0][0].document_id == "a"


def test_an_index_from_before_settings_were_recorded_is_loaded_by_its_models_name(store, embedder, tmp_path):
    store.save(tmp_path)
    _manifest_with(settings="gone")(tmp_path)
    assert DenseStore.load(tmp_path, embedder, SMALL).passages == store.passages


def test_saving_removes_only_the_files_of_the_store_before(store, tmp_path):
    """People keep other folders there whose names begin with a v."""
    for name in ("venv", "videos", "v1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").write_text("precious")
    store.save(tmp_path)
    (kept,) = tmp_path.glob("v*/vectors.faiss")
    (kept.parent / "notes.txt").write_text("precious")
    store.save(tmp_path)
    assert [p.name for p in kept.parent.iterdir()] == ["notes.txt"]
    assert all((tmp_path / name / "mine").read_text() == "precious" for name in ("venv", "videos", "v1"))


@pytest.mark.parametrize("folder", ["venv", "../venv", "/venv", "", ".", "v/../venv"])
def test_a_manifest_that_names_another_folder_removes_nothing_there(store, tmp_path, folder):
    place = tmp_path / "store"
    store.save(place)
    for venv in (tmp_path / "venv", place / "venv"):
        venv.mkdir()
        (venv / "mine").write_text("precious")
    manifest = place / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"folder": folder}))
    store.save(place)
    assert all((venv / "mine").is_file() for venv in (tmp_path / "venv", place / "venv"))


def _manifest_with(**changes):
    def spoil(folder):
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        path.write_text(json.dumps({k: v for k, v in (manifest | changes).items() if v != "gone"}))

    return spoil


def _swapped(folder):
    """Files of two stores, each whole, with checksums that fit."""
    import hashlib

    import pyarrow.parquet as pq

    (path,) = folder.glob("v*/passages.parquet")
    pq.write_table(pq.read_table(path)[:1], path)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["checksums"]["passages.parquet"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _not_faiss(folder):
    import hashlib

    (path,) = folder.glob("v*/vectors.faiss")
    path.write_bytes(b"IxMp" + b"\xff" * 60)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["checksums"]["vectors.faiss"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _unlinked(name):
    return lambda folder: next(folder.glob(f"v*/{name}")).unlink()


def _a_folder_instead(folder):
    (path,) = folder.glob("v*/vectors.faiss")
    path.unlink()
    path.mkdir()


SPOILS = {
    "manifest is a list": lambda f: (f / "manifest.json").write_text("[1]"),
    "manifest is null": lambda f: (f / "manifest.json").write_text("null"),
    "manifest is not UTF-8": lambda f: (f / "manifest.json").write_bytes(b"\xff{}"),
    "manifest is deep": lambda f: (f / "manifest.json").write_text("[" * 100_000),
    "manifest is a folder": lambda f: ((f / "manifest.json").unlink(), (f / "manifest.json").mkdir()),
    "manifest is half": lambda f: (f / "manifest.json").write_text((f / "manifest.json").read_text()[:90]),
    "no vectors": _unlinked("vectors.faiss"),
    "no passages": _unlinked("passages.parquet"),
    "vectors are a folder": _a_folder_instead,
    "vectors are not FAISS's": _not_faiss,
    "passages of another store": _swapped,
    "no checksums": _manifest_with(checksums="gone"),
    "empty checksums": _manifest_with(checksums={}),
    "checksums are a list": _manifest_with(checksums=["vectors.faiss"]),
    "null checksum": _manifest_with(checksums={"vectors.faiss": None, "passages.parquet": None}),
    **{f"no {key}": _manifest_with(**{key: "gone"}) for key in
       ("format", "folder", "model", "dimension", "factory", "build_tokens")},
    "folder is a number": _manifest_with(folder=3),
    "folder is elsewhere": _manifest_with(folder="../v1"),
    "dimension is text": _manifest_with(dimension="many"),
    "another dimension": _manifest_with(dimension=5),
    "model is null": _manifest_with(model=None),
    "factory is a number": _manifest_with(factory=3),
    "settings are a list": _manifest_with(settings=["mean"]),
    "build_tokens is text": _manifest_with(build_tokens="x"),
}  # fmt: skip


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("spoil", SPOILS)
def test_every_damage_is_one_sentence_that_names_the_folder(store, embedder, tmp_path, spoil, mmap):
    store.save(tmp_path)
    SPOILS[spoil](tmp_path)
    with pytest.raises(ValueError, match=r"^The index in .*(is damaged|cannot be read) ?\(.*\)") as raised:
        DenseStore.load(tmp_path, embedder, SMALL, mmap=mmap)
    assert str(tmp_path) in str(raised.value) and "\n" not in str(raised.value)


def test_an_empty_store_is_not_saved_but_an_emptied_one_is(store, embedder, tmp_path):
    with pytest.raises(ValueError, match="add documents before you save"):
        DenseStore.create(embedder, SMALL).save(tmp_path)
    store.delete(["a", "b", "c"])
    store.save(tmp_path)
    back = DenseStore.load(tmp_path, embedder, SMALL)
    assert back.index().search(["harbour"], 3) == [[]]
    back.add({"a": "The harbour is back."})
    assert "back" in back.index().search(["harbour"], 1)[0][0].text


def test_a_full_disk_leaves_the_old_index(store, embedder, tmp_path, monkeypatch):
    store.save(tmp_path)
    kept = len(store.passages)
    store.delete(["a"])

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(ValueError, match="No space left on device"):
        store.save(tmp_path)
    assert len(DenseStore.load(tmp_path, embedder, SMALL).passages) == kept
