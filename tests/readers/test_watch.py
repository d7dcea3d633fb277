"""How probable a reader finds it to begin its answer with a word."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from math import log

import pytest

from lcrag.readers.base import Message, Request
from lcrag.readers.watch import begins, probability

ASK = Request(
    (
        Message(
            "user", 'Text:\nKites need wind.\n\nQuestion: Who is the king? If unknown, write "unanswerable".'
        ),
    ),
    max_tokens=4,
    watch="unanswerable",
)


def test_what_begins_a_word():
    assert all(begins(piece, "unanswerable") for piece in ("un", " Un", "unanswerable", ' "una', "U"))
    assert not any(begins(piece, "unanswerable") for piece in ("", " ", "und", "The", "unanswerable!"))
    found = probability([("Un", log(0.3)), (" una", log(0.2)), ("The", log(0.4))], "unanswerable")
    assert found == pytest.approx(0.5)


@pytest.mark.parametrize("rope", [None, "dynamic"], ids=["shared prefix", "transformers' own loop"])
def test_transformers_gives_the_models_own_probability(rope):
    torch = pytest.importorskip("torch")
    from lcrag.readers import RopeExtension, TransformersReader

    reader = TransformersReader(dtype="float32", rope=rope and RopeExtension(method=rope, factor=2.0))
    watched, plain = (asyncio.run(reader.generate(r)) for r in (ASK, replace(ASK, watch="")))
    assert plain.watched is None and plain.text == watched.text
    model, tokenizer = reader._loaded["model"], reader._loaded["tokenizer"]
    ids = torch.tensor([reader.prepare(ASK).ids])
    with torch.inference_mode():
        odds = torch.softmax(model(ids).logits[0, -1].float(), -1)
    mine = sum(float(odds[i]) for i in range(len(tokenizer)) if begins(tokenizer.decode([i]), "unanswerable"))
    assert 1e-6 < mine < 1
    assert watched.watched == pytest.approx(mine, rel=1e-2)
