"""The table of outcomes is checked, written with its version, and read by pandas and polars alike."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcrag.errors import LcragError
from lcrag.outcomes import SCHEMA, VERSION, load_outcomes, save_outcomes, validate, without_defects
from lcrag.outcomes.table import METADATA, flags
from tests.outcomes.conftest import row


def test_saved_and_loaded_it_is_the_same(table, tmp_path):
    save_outcomes(table, tmp_path / "t.parquet")
    again = load_outcomes(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(again, validate(table))
    assert set(SCHEMA) <= set(again.columns)
    assert again["read_seconds"].isna().all() and again["read_dollars"].isna().all()  # missing, not 0
    assert (again["build_prompt_tokens"] == 0).all()
    assert pq.read_schema(tmp_path / "t.parquet").metadata[METADATA] == str(VERSION).encode()
    assert list(tmp_path.iterdir()) == [tmp_path / "t.parquet"]  # nothing half-written beside it


def test_polars_reads_it_with_the_same_numbers(table, tmp_path):
    polars = pytest.importorskip("polars")
    save_outcomes(table, tmp_path / "t.parquet")
    seen = polars.read_parquet(tmp_path / "t.parquet")
    assert seen.columns == list(validate(table).columns)
    assert seen["score"].to_list() == [1.0] * 4
    assert seen.filter(polars.col("flag_renamed"))["question_id"].unique().to_list() == ["q2"]


def test_missing_values_get_one_form(table):
    table["gold"] = [None, "a", "b", "c"]
    table["score"] = [None, 1, 0, "0.5"]
    table["flag_renamed"] = [None, True, False, None]
    table["note_support"] = [None, 1, 2, 3]
    table["closed_book"] = [None, True, False, None]
    table["finish_reason"] = [None, "stop", "length", ""]
    found = validate(table)
    assert found["gold"].tolist() == ["", "a", "b", "c"]
    assert found["closed_book"].tolist() == [False, True, False, False]
    assert found["finish_reason"].tolist() == ["", "stop", "length", ""]
    assert np.isnan(found["score"][0]) and found["score"].tolist()[1:] == [1.0, 0.0, 0.5]
    assert found["flag_renamed"].tolist() == [False, True, False, False]
    assert found["note_support"].dtype == float and found["seed"].dtype == int


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="answer"), r"has no column 'answer'; the columns are explained in docs/outcomes.md"),
        (lambda t: t.iloc[:0], "has no rows"),
        (lambda t: t.assign(score=["1", "0", "good", "1"]), "the column 'score' holds a value that is not a number"),
        (lambda t: t.assign(feature_words="many"), "the column 'feature_words' holds a value that is not a number"),
        (lambda t: t.assign(read_prompt_tokens="many"), "'read_prompt_tokens' holds a value that is not a number"),
        (lambda t: t.assign(score=1.5), "question q1, strategy chunked_retrieval, model m has a score outside 0 to 1"),
        (lambda t: t.assign(score=-0.1), "outside 0 to 1"),
        (lambda t: t.assign(error="it failed"), "has an error and a score: a failed row is not scored"),
        (lambda t: pd.concat([t, t.tail(1)]), "question q2, strategy long_context, model m is a duplicate"),
        (lambda t: t.assign(question_id="a\u2028b"), "question a b, strategy chunked_retrieval.* is a duplicate"),
        (lambda t: t.assign(declined="perhaps"), "'declined' holds 'perhaps', which is neither true nor false"),
        (lambda t: t.assign(declined=pd.Series(["\ud83d"] * len(t), dtype=object)), "'declined' holds .*neither true"),
        (lambda t: t.assign(declined=2), "'declined' holds '2', which is neither true nor false"),
        (lambda t: t.assign(seed=np.inf), "the column 'seed' holds an infinite value"),
        (lambda t: t.assign(seed=0.5), "the column 'seed' holds 0.5, which is not a whole number"),
        (lambda t: t.assign(seed=1e300), "the column 'seed' holds 1e.300, which is not a whole number"),
        (lambda t: t.assign(read_flops=-np.inf), "the column 'read_flops' holds an infinite value"),
        (lambda t: t.assign(read_calls=[10**400] * 4), "the column 'read_calls' holds a value that is not a number"),
        (lambda t: t.assign(question=b"caf\xe9"), "the column 'question' holds bytes where text is expected"),
        (lambda t: t.assign(kind=[["a"]] * 4), "the column 'kind' holds list where text is expected"),
        (lambda t: pd.concat([t, t[["kind"]]], axis=1), "duplicate or nameless column 'kind'"),
        (lambda t: t.rename(columns={"kind": 7}), "duplicate or nameless column 7"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(table, tmp_path, spoil, message):
    bad = spoil(table)
    with pytest.raises(LcragError, match=message):
        validate(bad, "mine.parquet")
    with pytest.raises(LcragError, match=message):
        save_outcomes(bad, tmp_path / "t.parquet")
    assert not (tmp_path / "t.parquet").exists()


def test_false_as_text_is_false(table):
    table["declined"] = ["False", "true", " FALSE ", "1"]
    assert validate(table)["declined"].tolist() == [False, True, False, True]


def test_infinite_notes_are_not_known_and_half_surrogate_pairs_are_replaced(table, tmp_path):
    table["note_own"] = np.inf
    table["answer"] = pd.Series(["\ud800"] * len(table), dtype=object)
    save_outcomes(table, tmp_path / "t.parquet")
    again = load_outcomes(tmp_path / "t.parquet")
    assert again["note_own"].isna().all() and set(again["answer"]) == {"\ufffd"}


def test_a_table_of_the_first_version_with_text_for_a_number_is_told(table):
    old = table.drop(columns=[c for c in table if c.startswith(("embed_", "index_", "rerank_"))])
    with pytest.raises(LcragError, match="'build_flops' holds a value that is not a number"):
        validate(old.assign(build_flops="many"))


def _written(table, file, change):
    arrow = pa.Table.from_pandas(validate(table), preserve_index=False)
    pq.write_table(change(arrow), file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace_schema_metadata({METADATA: b"two"}), r"has no version of the schema but b'two'"),
        (lambda t: t.replace_schema_metadata({METADATA: b"-1"}), r"has no version of the schema but b'-1'"),
        (
            lambda t: t.append_column("kind", t["kind"]),
            r"has a duplicate column 'kind': keep one of that name",
        ),
        (
            lambda t: t.set_column(
                t.schema.get_field_index("question"), "question", pa.array([b"\xff"] * len(t))
            ),
            r"'question' holds bytes",
        ),
        (
            lambda t: t.set_column(
                t.schema.get_field_index("kind"), "kind", pa.array([b"\xff"] * len(t)).view(pa.string())
            ),
            r"t\.parquet cannot be read as parquet \(ArrowInvalid: .*UTF8.*\): write it again",
        ),
    ],
)
def test_a_crafted_file_is_one_sentence(table, tmp_path, change, message):
    _written(table, tmp_path / "t.parquet", change)
    with pytest.raises(LcragError, match=message):
        load_outcomes(tmp_path / "t.parquet")


def test_the_damage_of_a_file_is_told(table, tmp_path):
    file = tmp_path / "t.parquet"
    save_outcomes(table, file)
    whole = file.read_bytes()
    for at in range(0, len(whole), 97):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            load_outcomes(file)
        except LcragError as error:
            assert str(file) in str(error) and not str(error).endswith(": .") and "\n" not in str(error)


def test_one_question_of_two_models_or_seeds_is_not_twice(table):
    validate(pd.concat([table, table.assign(model="other"), table.assign(seed=1)]))


def test_files_that_are_no_tables(table, tmp_path):
    file = tmp_path / "t.parquet"
    with pytest.raises(
        LcragError, match=r"no table of outcomes at .*t\.parquet: give a \.parquet file or a run's folder"
    ):
        load_outcomes(file)
    with pytest.raises(LcragError, match=r"no table of outcomes at .*outcomes\.parquet"):
        load_outcomes(tmp_path)
    file.write_bytes(b"nonsense")
    with pytest.raises(LcragError, match=r"t\.parquet cannot be read as parquet"):
        load_outcomes(file)
    pq.write_table(pa.table({"a": [1]}), file)
    with pytest.raises(LcragError, match=r"t\.parquet has no column 'question_id'"):
        load_outcomes(file)
    newer = pa.Table.from_pandas(validate(table)).replace_schema_metadata(
        {METADATA: str(VERSION + 1).encode()}
    )
    pq.write_table(newer, file)
    with pytest.raises(
        LcragError, match=f"has version {VERSION + 1} of the schema, this lcrag reads up to {VERSION}"
    ):
        load_outcomes(file)


def test_a_question_with_a_defect_goes_out_whole(table):
    table.loc[3, "flag_renamed"] = False  # the other strategy's row still has the flag
    table["flag_other"] = [True, False, False, False]
    found = validate(table)
    assert flags(found) == ["renamed", "other"]
    assert set(without_defects(found, ["renamed"])["question_id"]) == {"q1"}
    assert set(without_defects(found, ["other"])["question_id"]) == {"q2"}
    assert len(without_defects(found)) == 0
    assert len(without_defects(found, [])) == 4
    bare = validate(pd.DataFrame([row()]))
    assert without_defects(bare) is bare
    with pytest.raises(LcragError, match="no defect 'renmed' in the table; known are: renamed, other"):
        without_defects(found, ["renmed"])
    with pytest.raises(LcragError, match="known are: none"):
        without_defects(bare, ["renamed"])


def test_a_runs_folder_is_a_table(tmp_path, dataset, scripted, embedder):
    import lcrag
    from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
    from retrievers.bm25 import BM25Retriever

    results = lcrag.Experiment(
        dataset, scripted(), [ClosedBook(), ChunkedRetrieval(k=2), LongContext()], output=tmp_path / "out",
        retriever=BM25Retriever(), embedder=embedder, mlflow="",
    ).run()  # fmt: skip
    found = load_outcomes(tmp_path / "out")
    assert len(found) == 18
    assert found["score"].tolist() == [o.score for o in results.outcomes]
    assert found["gold"].ne("").all() and found["window"].eq(8192).all()
