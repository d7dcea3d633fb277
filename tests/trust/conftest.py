"""Two short documents with two questions each, a counting server, a small cross-encoder, and counts of real models."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from embedders.openai import OpenAIEmbedder
from lcrag import Experiment
from lcrag.datasets.base import Dataset
from lcrag.experiment.results import Results
from lcrag.readers import OpenAIReader
from lcrag.schema import Document, Question
from retrievers.chunkers import RecursiveChunker
from retrievers.hybrid import HybridRetriever
from retrievers.reranker import Reranker
from tests.trust.accounts import CARDS, count_models, counts
from tests.trust.replies import FACTS, reply
from tests.trust.server import CountingServer, serving

FILLER = {
    "north": "The {0} kites of the year {1} went to {2} by ship, and {3} came back because the string was too short.",
    "south": "In the {0} hall of Southbay {3} workers made lamps for {2} until the strike of {1} was over.",
    "coast": "The {0} lighthouse near {2} was lit for {3} nights in {1}, and nobody counted the ships.",
}
WORDS = (
    ("red", 1988, "Oslo", 12),
    ("blue", 1990, "Riga", 31),
    ("old", 1991, "Gdansk", 7),
    ("tall", 1994, "Turku", 64),
    ("long", 1995, "Kiel", 18),
    ("white", 1997, "Ghent", 45),
    ("flat", 1998, "Leith", 9),
    ("wide", 2001, "Aarhus", 22),
)
TOLD = {"north": FACTS[:2], "south": FACTS[2:4], "coast": FACTS[4:]}


def text_of(name: str) -> str:
    """Eight different sentences about nothing, with the document's facts among them."""
    lines = [FILLER[name].format(*words) for words in WORDS]
    for at, (_, sentence, _) in enumerate(TOLD[name]):
        lines.insert(3 * at + 2, sentence)
    return " ".join(lines)


@pytest.fixture(scope="session")
def small() -> Dataset:
    """Both questions on a document are of one kind, so that a router by kind treats them alike."""
    questions = [
        ("n1", "When was Northwind founded?", "north", "1987", "location"),
        ("n2", "What is the paint of its kites made of?", "north", "pine resin", "location"),
        (
            "s1",
            "How many lamps did Southbay sell in spring and autumn together?",
            "south",
            "750",
            "reasoning",
        ),
        ("s2", "Why is the chief of Southbay known?", "south", "Ada Moss", "reasoning"),
    ]
    shown = [
        Question("d1", "When was the harbour of Tromso closed?", ("coast",), ("1993",), "location"),
        Question("d2", "Who is the chief of Southbay?", ("south",), ("Ada Moss",), "location"),
    ]
    return Dataset(
        "small",
        tuple(Document(name, text_of(name)) for name in FILLER),
        tuple(Question(i, text, (d,), (a,), kind) for i, text, d, a, kind in questions),
        tuple(shown),
    )


@pytest.fixture(scope="session")
def minilm():
    """The real MiniLM, loaded once."""
    pytest.importorskip("sentence_transformers")
    from embedders.sentence_transformer import SentenceTransformerEmbedder

    embedder = SentenceTransformerEmbedder()
    embedder.embed(["loaded"])
    return embedder


@pytest.fixture(scope="session")
def word_pieces(minilm):
    """MiniLM's own tokenizer, apart from the embedder."""
    from transformers import AutoTokenizer

    from embedders.loading import bundled_minilm

    return AutoTokenizer.from_pretrained(bundled_minilm())


@pytest.fixture(scope="session")
def cross_encoder(word_pieces, tmp_path_factory) -> str:
    """The folder of a cross-encoder with random weights and MiniLM's tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("cross")
    config = BertConfig(
        vocab_size=30522, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=16, num_labels=1
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    word_pieces.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def chat_tokenizer(word_pieces, tmp_path_factory) -> str:
    """The folder of the server's tokenizer: MiniLM's with a chat template."""
    folder = tmp_path_factory.mktemp("tokenizer")
    word_pieces.save_pretrained(folder)
    template = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant]"
    (folder / "chat_template.jinja").write_text(template)
    return str(folder)


@pytest.fixture(scope="session")
def running_server(minilm, word_pieces, chat_tokenizer):
    from transformers import AutoTokenizer

    chat, kept = AutoTokenizer.from_pretrained(chat_tokenizer), {}

    def tokenise(messages):
        return chat.apply_chat_template(
            messages, tokenize=True, add_generation_prompt=True, return_dict=False
        )

    def embed(texts):
        missing = [t for t in dict.fromkeys(texts) if t not in kept]
        if missing:
            kept.update(zip(missing, minilm.embed(missing).vectors.tolist(), strict=True))
        lengths = [len(ids) for ids in word_pieces(list(texts), truncation=True)["input_ids"]]
        return [kept[t] for t in texts], lengths

    with serving(CountingServer(reply, tokenise, embed)) as server:
        yield server


@pytest.fixture(scope="session")
def run(small, running_server, cross_encoder, chat_tokenizer, tmp_path_factory):
    """Runs strategies and gives the results, with what server and models counted until the last answer.

    After it the run embeds each question once more, for the features that routers see; no strategy needs them.
    """

    # one request at a time: those that are in flight together may come to the server in another order
    exact = {"tokenizer": chat_tokenizer, "send_cache_salt": True, "max_concurrency": 1}

    def run(strategies, embedder, dataset=small, refused=None, **settings):
        counted: Counter = Counter()
        running_server.start_anew()
        running_server.refuses = refused or running_server.refuses
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Results, "write", lambda *_: None)  # pictures and pages count nothing
            read_by_models = count_models(patch)

            def count(row, resumed):
                counted.clear()
                counted.update(counts(running_server.calls, read_by_models))

            results = Experiment(
                dataset=dataset,
                reader=OpenAIReader("m", running_server.url, **(exact | settings)),
                strategies=strategies,
                output=tmp_path_factory.mktemp("run"),
                retriever=Reranker(
                    HybridRetriever(embedder, RecursiveChunker(300, 0)), cross_encoder, fetch=4
                ),
                embedder=embedder,
                prices=CARDS,
            ).run(count)
        assert refused or not results.failed, results.failed[0].error
        return results, counted

    return run


@pytest.fixture(scope="session")
def alone(run, running_server):
    """One strategy in a run of its own, with an embedding server; it is run once, however many tests look at it."""
    return cache(lambda strategy: run([strategy], OpenAIEmbedder("e", running_server.url)))
