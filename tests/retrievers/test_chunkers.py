"""Every chunker: ``text[start:end]`` is the chunk, and nothing but white space is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers")
from embedders import SentenceTransformerEmbedder
from retrievers import RecursiveChunker, SemanticChunker, SentenceChunker, TokenChunker, longrag_units

EMBEDDER = SentenceTransformerEmbedder()
TEXT = st.lists(
    st.sampled_from(["Aa bb. ", "\n\n", "c" * 30, "x ", "Grün! ", "日本。", "don't ", "1,234 "])
).map("".join)
CHUNKERS = [
    RecursiveChunker(30, 10),
    SentenceChunker(25),
    TokenChunker(7, 0),
    TokenChunker(7, 3),
    SemanticChunker(EMBEDDER, 50, 60),
]


@settings(max_examples=120, deadline=None)
@given(TEXT, st.sampled_from(CHUNKERS))
def test_chunks_stand_where_they_say_and_lose_nothing(text, chunker):
    spans = chunker.split(text)
    assert all(0 <= s < e <= len(text) for s, e in spans)
    assert spans == sorted(spans)
    covered = {i for s, e in spans for i in range(s, e)}
    assert not [c for i, c in enumerate(text) if i not in covered and not c.isspace()]


def test_token_chunks_have_that_many_tokens_and_share_some():
    from transformers import AutoTokenizer

    from embedders.loading import bundled_minilm

    text = "the kite flew over the old town and nobody saw it " * 40
    tokenizer = AutoTokenizer.from_pretrained(bundled_minilm())
    spans = TokenChunker(50, 10).split(text)
    sizes = [len(tokenizer(text[s:e], add_special_tokens=False).input_ids) for s, e in spans]
    assert set(sizes[:-1]) == {50} and 10 < sizes[-1] <= 50
    shared = text[spans[1][0] : spans[0][1]]
    assert len(tokenizer(shared, add_special_tokens=False).input_ids) == 10
    assert longrag_units() == TokenChunker(4096, 0)
    assert longrag_units().split(text) == [(0, len(text.rstrip()))]


def test_semantic_chunks_end_where_the_subject_changes():
    text = "Kites need wind. A kite has a tail. Kites fly high. Lamps give light. A lamp has a shade. Lamps glow."
    chunks = [text[s:e] for s, e in SemanticChunker(EMBEDDER, 75, 500, neighbours=0).split(text)]
    assert any(c.startswith("Lamps give light") for c in chunks)
    assert len(SemanticChunker(EMBEDDER, 100, 10_000).split(text)) == 1
    assert all(len(c) <= 60 for c in [text[s:e] for s, e in SemanticChunker(EMBEDDER, 100, 60).split(text)])


def test_impossible_settings_are_refused():
    for make in (
        lambda: TokenChunker(0),
        lambda: TokenChunker(5, 5),
        lambda: SentenceChunker(0),
        lambda: SemanticChunker(EMBEDDER, 101),
    ):
        with pytest.raises(ValueError, match="must be"):
            make()
    with pytest.raises(ValueError, match="'no/tokenizer' could not be loaded"):
        TokenChunker(tokenizer="no/tokenizer").split("a")
    assert np.array_equal(TokenChunker().split(""), [])
