"""What a question took of reader, embedder and reranker, computed by hand on rows of the ledger."""

from math import nan

import numpy as np
import pandas as pd
import pytest

from lcrag.cost.price_cards import PriceCard, RentedHardware
from lcrag.cost.prices import Prices
from lcrag.outcomes import load_outcomes, save_outcomes
from lcrag.outcomes.costs import cost_of, with_costs
from lcrag.outcomes.versions import current
from lcrag.schema import Ledger, Outcome, Usage
from tests.outcomes.conftest import row

READ = Usage(1000, 200, 10, 1, 2.0, 100.0, 5000, 0.5)
BUILD = Usage(50, 0, 5, 1, 0.5, 10.0, 9000, 0.1)
LEDGER = {
    "read": READ,
    "build": BUILD,
    "retrieve": Usage(seconds=0.25),
    "embed": Usage(7, calls=1, seconds=0.125, flops=3.0, dollars=None),
    "index": Usage(70, calls=1, seconds=0.0625, flops=None, dollars=None),
    "rerank": Usage(nan, calls=1, seconds=1.0, flops=None, dollars=None),
    "judge": Usage(9, calls=1, seconds=100.0, flops=1e9, dollars=100.0),
}


def table(ledger=LEDGER):
    rows = [
        Outcome(f"q{i}", "d", "", "s", "nobodys-model", 0, score=1.0, usage=Ledger(ledger)) for i in (1, 2)
    ]
    return pd.DataFrame([r.flat() for r in rows])


def test_amounts_by_hand():
    first = with_costs(table(), "flops").iloc[0]
    assert (first["prompt"], first["cached"], first["completion"]) == (1000, 200, 10)
    assert first["build"] == 50 + 5 + 70
    assert first["flops"] == first["cost"] == 100 + 10 + 3  # of the embedder what is known
    assert first["dollars"] == 0.5 + 0.1
    assert (
        first["seconds"] == 2 + 0.5 + 0.25 + 0.125 + 0.0625 + 1
    )  # all that the question waited for, no judge
    assert first["kv_bytes"] == 9000
    assert first["flops_without_embedder"] and first["flops_without_reranker"]
    assert not with_costs(table({"read": READ, "embed": LEDGER["embed"]}), "flops")[
        "flops_without_embedder"
    ].any()


def test_tokens_are_the_readers():
    assert cost_of(table(), "tokens").tolist() == [1000 - 200 + 10 + 50 + 5] * 2


def test_an_embedders_tokens_are_priced_by_its_own_card():
    reader = PriceCard(1.0, 2.0, cached_mtok=0.5)
    by_reader = (850 + 0.5 * 200 + 2 * 15) / 1e6
    assert cost_of(table(), "dollars", prices=reader).tolist() == pytest.approx([by_reader] * 2)
    both = Prices(reader, PriceCard(0.02, 0))
    assert cost_of(table(), "dollars", prices=both)[0] == pytest.approx(by_reader + 77 * 0.02e-6)
    assert cost_of(table(), "dollars", prices=Prices(None, PriceCard(0.02, 0)))[0] == pytest.approx(
        0.6 + 77 * 0.02e-6
    )


def test_rented_hardware_is_paid_by_the_second_and_nobody_knows_the_seconds_without_a_cache():
    rented = RentedHardware(gpu_hour=3.6)
    assert cost_of(table(), "dollars", prices=rented).tolist() == pytest.approx([0.0025] * 2)
    assert cost_of(table(), "dollars", cache="cold", prices=rented).isna().all()


def test_the_readers_unknown_flops_stay_unknown():
    unknown = table({**LEDGER, "read": Usage(10, flops=None)})
    assert cost_of(unknown, "flops").isna().all()


def version_1(build, retrieve=None):
    """A table as version 1 had it: without columns of embedder and reranker."""
    frame = table({"read": READ, "build": build, "retrieve": retrieve or Usage()})
    return frame.drop(columns=[c for c in frame if c.startswith(("embed_", "index_", "rerank_"))])


def test_version_1_booked_an_embedder_as_the_reader():
    embedder = Usage(70, calls=1, flops=None, kv_bytes=None, dollars=None)
    old = version_1(embedder, Usage(7, calls=1, flops=None, dollars=None))
    new = current(old)
    assert new["index_prompt_tokens"].tolist() == [70, 70] and new["embed_prompt_tokens"].tolist() == [7, 7]
    assert (new["build_prompt_tokens"] == 0).all() and new["index_flops"].isna().all()
    assert cost_of(old, "flops").tolist() == [100, 100]
    written = current(version_1(BUILD))
    assert written["build_prompt_tokens"].tolist() == [50, 50] and (written["index_prompt_tokens"] == 0).all()
    assert current(new) is new


def test_an_old_file_is_read(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from lcrag.outcomes.table import METADATA

    old = pd.DataFrame([row()])
    old = old.drop(columns=[c for c in old if c.startswith(("embed_", "index_", "rerank_"))])
    schema = pa.Table.from_pandas(old)
    pq.write_table(schema.replace_schema_metadata({METADATA: b"1"}), tmp_path / "old.parquet")
    again = load_outcomes(tmp_path / "old.parquet")
    assert again["read_prompt_tokens"].tolist() == [100.0] and (again["rerank_calls"] == 0).all()
    save_outcomes(again, tmp_path / "new.parquet")
    pd.testing.assert_frame_equal(load_outcomes(tmp_path / "new.parquet"), again)


def test_a_failed_row_took_nothing_that_counts():
    failed = table().assign(error=["It broke.", ""], score=[np.nan, 1.0])
    assert with_costs(failed, "tokens")[["seconds", "kv_bytes", "flops"]].isna().all(axis=1).tolist() == [
        True,
        False,
    ]
