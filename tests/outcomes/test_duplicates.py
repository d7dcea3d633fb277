"""Documents that share text are one cluster."""

import numpy as np
import pandas as pd

from lcrag.analysis.comparison import compare
from lcrag.outcomes import document_groups
from tests.outcomes.conftest import row


def prose(seed, words=600):
    return [f"w{i}" for i in np.random.default_rng(seed).integers(0, 5000, words)]


def test_documents_that_share_a_tenth_of_the_shorter_are_one_group(record_property):
    a, b, c, d = (prose(i) for i in range(4))
    texts = {
        "a": " ".join(a),
        "b": " ".join(b[:300] + a[:150] + b[300:]),  # a fifth of it is from a
        "c": " ".join(c),
        "d": " ".join([*d, *c[:40]]),  # a twentieth
        "e": " ".join(b[:200]).upper() + ".",  # the beginning of b
    }
    assert document_groups(texts) == {"a": "a", "b": "a", "c": "c", "d": "d", "e": "a"}
    assert document_groups(texts, min_shared=0.03)["d"] == "c"
    assert document_groups({"x": "", "y": "two words"}) == {"x": "x", "y": "y"}
    record_property("trust", f"{len(texts)} texts made with known overlaps: all in their groups")


def test_a_shared_phrase_is_no_shared_text():
    phrase = [*"abcdefghijklmn"]  # 14 words
    texts = {str(i): " ".join(prose(i) + phrase) for i in range(20)}
    assert len(set(document_groups(texts).values())) == 20


def test_intervals_take_a_group_for_one_document():
    outcomes = pd.DataFrame(
        [
            row(f"q{i}", "long_context", document_id=f"d{i % 10}", score=float(i % 10 < 5), prompt_tokens=1.0)
            for i in range(40)
        ]
    )
    grouped = outcomes.assign(document_group=[f"d{int(d[1:]) % 5 * 5}" for d in outcomes["document_id"]])
    alone, together = (compare(o).table.loc[0] for o in (outcomes, grouped))
    assert together["accuracy"] == alone["accuracy"]
    assert (together["low"], together["high"]) != (alone["low"], alone["high"])
