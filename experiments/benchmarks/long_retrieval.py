"""Passkey, needle and real-text retrieval by length, for every way to embed a long document.

Documents of 512 to 4,096 tokens; one of 100 (60 at 4,096 tokens) is the right one. After LongEmbed (Zhu et al.
2024, arXiv 2404.12096, section 3), made small.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np

from embedders import SentenceTransformerEmbedder
from embedders.loading import bundled_minilm
from retrievers import BM25Retriever, RecursiveChunker, TokenChunker

POOLS = {512: (100, 1), 1024: (100, 3), 2048: (100, 1), 4096: (60, 1)}  # tokens: documents, draws
QUERIES = 50
FIRST = """
    Ada Bruno Clara Dmitri Elena Farid Greta Hugo Ines Jonas Kira Leon Mira Nils Olga Pavel Rosa Stefan
    Tilda Umar
""".split()
LAST = """
    Abbas Brandt Castillo Dorn Eriksen Fontaine Haddad Ivanov Jansen Keller Lindqvist Moreau Novak
    Okafor Petrov
""".split()
FACTS = (
    (
        "The museum of {x} in {c} is the largest museum of {x} in Europe; {n} founded it, and it opens only on "
        "{d} mornings.",
        "When does the museum of {x} open?",
    ),
    (
        "{n} of {c} has collected {x} since a stormy {d} in spring and owns more {x} than anyone else in the country.",
        "Who owns the largest collection of {x}?",
    ),
    (
        "In {c} it is forbidden by law to sell {x} on a {d}, since {n} once caused a riot with a cart full of {x}.",
        "Where is it forbidden by law to sell {x}?",
    ),
    (
        "The best {x} of all are made in {c}, where {n} opened the first workshop for {x} on a {d} in winter.",
        "Where are the best {x} of all made?",
    ),
)
THINGS = """
    accordions anchors aquariums arrows balloons bananas barrels bees bicycles blankets boomerangs bridges
    butterflies buttons cameras candles canoes carpets carrots castles cellos cherries chimneys clocks coins
    compasses cranes crowns dolls dragons drums ducks eagles elephants elevators fans feathers ferries fireworks
    flutes fossils fountains frogs gardens ghosts gloves goats guitars hammers harps hats helmets honeypots horses
    igloos jackets jellyfish kettles kites ladders lanterns lemons lighthouses magnets marbles masks mirrors
    motorboats mushrooms needles nutcrackers olives onions opals orchids organs owls parachutes pearls penguins
    pianos pillows pirates planets potatoes pumpkins puppets pyramids rabbits rainbows ravens rockets roses
    saddles sandals scissors sheep skates sledges snails spiders spoons submarines swords teapots telescopes
    tractors trumpets tulips turtles umbrellas vases violins volcanoes wagons walnuts whales whistles windmills
""".split()
CITIES = "Lisbon Oslo Vienna Turin Ghent Porto Krakow Lyon Bremen Graz Tampere Bilbao Utrecht Leeds Cork Riga".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
FILLER = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
QUOTE = 24  # words of a text query


@cache
def reference() -> str:
    """Short stories (SQuALITY's, from Project Gutenberg) where LCRAG_DATA has them, else the language reference."""
    stories = Path(os.environ.get("LCRAG_DATA", "data")) / "SQuALITY/data/v1-3/txt/train.jsonl"
    if stories.is_file():
        found = [json.loads(line)["document"] for line in stories.read_text("utf-8").splitlines()]
    else:
        from pydoc_data.topics import topics

        found = list(topics.values())
    return " ".join(" ".join(text.split()) for text in found)


def cut(text: str, tokens: int, tokenizer) -> list[str]:
    """The text in pieces of that many tokens."""
    offsets = tokenizer(
        text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
    ).offset_mapping
    whole = range(0, len(offsets) - tokens + 1, tokens)
    return [text[offsets[i][0] : offsets[i + tokens - 1][1]] for i in whole]


def documents(task: str, tokens: int, seed: int, tokenizer) -> tuple[list[str], list[str]]:
    """A pool of documents of about that many tokens, and for the first of them a query each.

    ``passkey``: LongEmbed's filler. ``needle``: a fact in real text. Each document holds the sentences of the
    haystack in an order of its own. ``text``: windows of real text, the query quoted from one.
    """
    rng = random.Random(f"{task} {tokens} {seed}")
    count, _ = POOLS[tokens]
    if task == "text":
        text = reference()[seed * 100_000 :][: 8 * tokens * count]
        docs = cut(text, tokens - 2, tokenizer)[:count]
        queries = []
        for doc in docs[:QUERIES]:
            words = doc.split()
            at = rng.randrange(len(words) - QUOTE)
            queries.append(" ".join(words[at : at + QUOTE]))
        return docs, queries
    hay = (
        " ".join([FILLER] * (tokens // 20))
        if task == "passkey"
        else reference()[seed * 50_000 :][: 8 * tokens]
    )
    (hay, *_) = cut(hay, tokens - 2, tokenizer)
    sentences = [s for s in re.split(r"(?<=[.!?]) ", hay) if s]
    docs, queries = [], []
    names = rng.sample([f"{a} {b}" for a in FIRST for b in LAST], count)
    for name, thing in zip(names, rng.sample(THINGS, count), strict=True):
        if task == "passkey":
            key = rng.randint(10_000, 99_999)
            needle = f"{name}'s pass key is {key}. Remember it. {key} is the pass key for {name}."
            query = f"what is the passkey for {name}?"
        else:
            form, asked = rng.choice(FACTS)
            needle = form.format(n=name, x=thing, c=rng.choice(CITIES), d=rng.choice(DAYS))
            query = asked.format(x=thing)
        room = tokens - 2 - len(tokenizer(needle, add_special_tokens=False).input_ids)
        (text, *_) = cut(" ".join(rng.sample(sentences, len(sentences))), room, tokenizer)
        at = rng.choice([0, *(m.end() for m in re.finditer(r"[.!?] ", text))])
        docs.append(f"{text[:at]}{needle} {text[at:]}")
        queries.append(query)
    return docs, queries[:QUERIES]


def embedder(**settings) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(**settings)


def arms(tokens: int) -> dict:
    """Name to a function from documents and queries to scores, shape (queries, documents)."""

    def single(model):
        def scores(docs, queries):
            return model.embed(queries, "query").vectors @ model.embed_documents(docs).T

        return scores

    def max_sim(docs, queries):
        model = embedder(window=256)
        chunker = TokenChunker(254)
        pieces, owners = [], []
        for i, doc in enumerate(docs):
            mine = [doc[s:e] for s, e in chunker.split(doc)]
            pieces += mine
            owners += [i] * len(mine)
        starts = np.flatnonzero(np.diff([-1, *owners]))
        return np.maximum.reduceat(
            model.embed(queries, "query").vectors @ model.embed_documents(pieces).T, starts, axis=1
        )

    def late(docs, queries):
        model = embedder(extension="position_interpolation", window=tokens)
        chunker = TokenChunker(254)
        parts = [model.embed_spans(doc, chunker.split(doc)) for doc in docs]
        starts = np.cumsum([0, *map(len, parts)])[:-1]
        return np.maximum.reduceat(
            model.embed(queries, "query").vectors @ np.concatenate(parts).T, starts, axis=1
        )

    def bm25(docs, queries):
        index = BM25Retriever(RecursiveChunker(10**9, 0)).build(
            {f"{i:03}": doc for i, doc in enumerate(docs)}
        )
        found = np.zeros((len(queries), len(docs)))
        for row, passages in zip(found, index.search(queries, len(docs)), strict=True):
            for p in passages:
                row[int(p.document_id)] = p.score
        return found

    extended = {
        "grouped positions": "grouped_positions",
        "recurrent positions": "recurrent_positions",
        "position interpolation": "position_interpolation",
        "parallel windows (mean)": "parallel_windows",
    }
    made = {
        "BM25": bm25,
        "chunks of 256, max-sim": max_sim,
        "truncation at 512": single(embedder(window=512)),
    }
    if tokens > 512:
        made |= {n: single(embedder(extension=m, window=tokens)) for n, m in extended.items()}
        made["late chunking (PI), max-sim"] = late
    else:
        made["parallel windows (mean)"] = single(embedder(extension="parallel_windows", window=tokens))
    return made


def measure(scores: np.ndarray) -> tuple[float, float]:
    """Acc@1 and nDCG@10 where query i belongs to document i; ties count by expectation."""
    hits, gains = [], []
    for i, row in enumerate(scores):
        above = int((row > row[i] + 1e-9).sum())
        equal = int((np.abs(row - row[i]) <= 1e-9).sum())
        hits.append((above == 0) / equal)
        ranks = range(above + 1, above + equal + 1)
        gains.append(np.mean([1 / np.log2(1 + r) if r <= 10 else 0.0 for r in ranks]))
    return float(np.mean(hits)), float(np.mean(gains))


def main() -> None:
    """Write the table to standard output as Markdown."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(bundled_minilm())
    rows = []
    for tokens, (_, draws) in POOLS.items():
        data = {
            (task, seed): documents(task, tokens, seed, tokenizer)
            for task in ("passkey", "needle", "text")
            for seed in range(draws)
        }
        for name, scores in arms(tokens).items():
            found: dict[str, list] = {"passkey": [], "needle": [], "text": []}
            started = time.perf_counter()
            for (task, _), (docs, queries) in data.items():
                found[task].append(measure(scores(docs, queries)))
            seconds = (time.perf_counter() - started) / len(data)
            means = [np.mean(found[t], axis=0) for t in found]
            cells = [f"{a:.2f}" for a, _ in means] + [f"{np.mean([a for a, _ in means]):.2f}"]
            cells += [f"{np.mean([g for _, g in means]):.2f}", f"{seconds:.1f}"]
            rows.append(f"| {tokens} | {name} | " + " | ".join(cells) + " |")
            sys.stderr.write(rows[-1] + "\n")
    head = "| tokens | method | passkey | needle | text | mean Acc@1 | mean nDCG@10 | seconds a pool |"
    Path("/dev/stdout").write_text("\n".join([head, "|---:|---|" + "---:|" * 6, *rows]) + "\n")


if __name__ == "__main__":
    main()
