"""Every chunker: ``text[start:end]`` is the chunk, and nothing but white space is lost."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers")
from embedders import SentenceTransformerEmbedder
from retrievers import RecursiveChunker, SemanticChunker, SentenceChunker, TokenChunker, longrag_units
from retrievers.chunkers.sentence import sentences

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


SENTENCES = st.lists(
    st.sampled_from(
        ["Dr. Smith left. ", "They met at 3 p.m. They left. ", "\n\n", " \n \n", "\n", "e.g. kites ", '"Go." he said. ',
         "a.b.c ", "…", "\u00a0", "\t", "Yes?! ", "[1] (a) ", "1. One ", "日本。", "..... ", "data.json ", "&ᓰ& ",
         "\u2028"]
    )
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(SENTENCES | st.text(max_size=80) | st.text(alphabet="ab.!?\"'()[]“” \n\\*&", max_size=120))
def test_sentences_lose_nothing_and_do_not_cross_blank_lines(text):
    spans = sentences(text)
    assert all(start < end and text[start:end].strip() == text[start:end] for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    covered = {i for start, end in spans for i in range(start, end)}
    assert not [c for i, c in enumerate(text) if i not in covered and not c.isspace()]
    assert not any("\n\n" in text[start:end] for start, end in spans)


def split(text):
    return [text[start:end] for start, end in sentences(text)]


def test_abbreviations_do_not_end_a_sentence():
    assert split("Dr. Smith met Mr. Jones at 3 p.m. They left.") == [
        "Dr. Smith met Mr. Jones at 3 p.m.",
        "They left.",
    ]
    assert split("See data.json for it. Revenue was $3.5 million, i.e. less.") == [
        "See data.json for it.",
        "Revenue was $3.5 million, i.e. less.",
    ]


def test_a_blank_line_ends_a_sentence_and_a_line_break_does_not():
    assert split("A title\n\nKites fly\nhigh. They fly.\n \nThe end") == [
        "A title",
        "Kites fly\nhigh.",
        "They fly.",
        "The end",
    ]


def test_repeated_sentences_stand_where_they_are():
    text = "Kites fly. A kite has a tail. " * 3
    assert sentences(text) == [(30 * i + a, 30 * i + b) for i in range(3) for a, b in ((0, 10), (11, 29))]


def test_long_texts_without_blank_lines():
    sentence = "Dr. Smith said that the kites of Bergen flew over the harbour. "
    assert split(sentence * 1000) == [sentence.strip()] * 1000
    unpunctuated = "kite " * 3000 + "ends here."
    assert split(unpunctuated + " They fly.") == [unpunctuated, "They fly."]


def test_quoted_speech_of_several_sentences_is_cut():
    speech = '"' + "I have seen the kites rise over Bergen every May. " * 40 + '" said Ada.'
    assert max(end - start for start, end in sentences(speech)) < 100


def test_a_long_document_is_split_in_seconds():
    import time

    text = ("Dr. Smith met Mr. Jones at 3 p.m. They left for Bergen, by sea. " * 30 + "\n\n") * 60
    started = time.process_time()
    assert len(sentences(text)) == 3600
    assert time.process_time() - started < 15 * len(text) / 500_000 + 1
