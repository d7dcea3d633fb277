"""A router survives being saved; what is no such file is refused in one sentence, before anything in it runs."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import lcrag.routers.saving.archive as limits
from lcrag.components import build, names
from lcrag.errors import LcragError
from lcrag.routers import (
    AdaptiveRAGRouter,
    BudgetRouter,
    CascadeRouter,
    Decision,
    FeatureRouter,
    FixedRouter,
    KNNRouter,
    LaRAPrior,
    LaRARule,
    LearningRouter,
    LinUCBRouter,
    ProbeRouter,
    QualityRouter,
    RandomRouter,
    ReplayableRouter,
    StackedRouter,
    TfidfRouter,
    ThompsonRouter,
    load_router,
    save_router,
)
from tests.routers.conftest import ARMS, accuracy

EVERY = [
    FeatureRouter(),
    FeatureRouter(name="boosted", estimator="boosting", calibrate="isotonic"),
    FeatureRouter(name="sigmoid", estimator="boosting", calibrate="sigmoid"),
    QualityRouter(),
    QualityRouter(name="linear", estimator="linear", probe="chunked_retrieval"),
    KNNRouter(k=10),
    TfidfRouter(),
    AdaptiveRAGRouter(),
    LinUCBRouter(),
    ThompsonRouter(),
    LaRAPrior(),
    ProbeRouter(),
    CascadeRouter(),
    BudgetRouter(total=1e9),
    BudgetRouter(total=1e9, name="by_neighbours", predictor=KNNRouter(k=10)),
    FixedRouter("long_context"),
    RandomRouter(seed=3),
    LaRARule(),
    StackedRouter(),
]


@pytest.fixture
def file(examples, tmp_path):
    """A good file, to be spoilt."""
    save_router(QualityRouter().fit(examples), tmp_path / "r.router")
    return tmp_path / "r.router"


@pytest.mark.parametrize("router", EVERY, ids=lambda r: r.name)
def test_saved_and_loaded_it_decides_the_same(router, examples, unseen, tmp_path):
    fitted = router.fit(examples)
    save_router(fitted, tmp_path / "r.router")
    loaded = load_router(tmp_path / "r.router")
    assert loaded == fitted
    assert loaded.choose(unseen.queries, ARMS) == fitted.choose(unseen.queries, ARMS)
    assert not loaded.learns
    members = zipfile.ZipFile(tmp_path / "r.router").namelist()
    assert not any(name.endswith((".pkl", ".pickle")) for name in members)


def test_an_unfitted_router_and_three_strategies(examples, tmp_path):
    save_router(TfidfRouter(min_df=3), tmp_path / "r")
    assert load_router(tmp_path / "r") == TfidfRouter(min_df=3) and load_router(tmp_path / "r").learns
    three = replace(
        examples,
        strategies=(*ARMS, "gist"),
        scores=np.column_stack([examples.scores, np.arange(len(examples)) % 3 == 0]),
        costs=np.column_stack([examples.costs, np.full(len(examples), 1500.0)]),
    )
    for router in (FeatureRouter(estimator="boosting", calibrate="sigmoid"), TfidfRouter(), QualityRouter()):
        fitted = router.fit(three)
        save_router(fitted, tmp_path / "r")
        arms = three.strategies
        assert load_router(tmp_path / "r").choose(three.queries, arms) == fitted.choose(three.queries, arms)


def test_it_is_listed_and_built_from_yaml(file, tmp_path):
    assert "file" in names("router")
    spec = {"type": "file", "path": file.name, "trusted": ["some.package.Estimator"]}
    assert build("router", spec, "x.yaml", folder=tmp_path) == QualityRouter()


# --- crafted files


def rewrite(file, change=lambda schema: None, **members):
    """Write the file again with a changed schema and further members."""
    with zipfile.ZipFile(file) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    schema = json.loads(parts["schema.json"])
    change(schema)
    parts["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | members).items():
            archive.writestr(name, data)


def node(loader, name, **more):
    module, _, kind = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": kind, **more}


def text(value):
    return node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def as_dict(**values):
    key = node("TypeNode", "builtins.str")
    keys = node("ListNode", "builtins.list", content=[key] * len(values))
    return node("DictNode", "builtins.dict", content=values, key_types=keys)


def as_tuple(*values):
    return node("TupleNode", "builtins.tuple", content=list(values))


RUNSTRING = "numpy.testing._private.utils.runstring"
ATTACKS = {
    "a function of numpy is called": lambda code: node(
        "ConstructorFromReduceNode", RUNSTRING, content=as_tuple(text(code), as_dict())
    ),
    "exec is called": lambda code: node(
        "ConstructorFromReduceNode", "builtins.exec", content=as_tuple(text(code))
    ),
    "an array of the type of a function": lambda code: node(
        "NdArrayNode", "builtins.exec", type="numpy", file="code.npy"
    ),
    "keys of the type of a function": lambda code: (
        as_dict(x=text(1))
        | {
            "content": {code: text(1)},
            "key_types": node("ListNode", "builtins.list", content=[node("TypeNode", "builtins.exec")]),
        }
    ),
    "a list of the type of a function": lambda code: node("ListNode", "builtins.exec", content=[text(code)]),
    "a partial": lambda code: node(
        "PartialNode",
        "functools.partial",
        content={
            "func": node("FunctionNode", RUNSTRING),
            "args": as_tuple(text(code), as_dict()),
            "kwds": as_dict(),
            "namespace": text(None),
        },
    ),
    "a class of sklearn that is not listed": lambda code: node(
        "ObjectNode", "sklearn.utils._bunch.Bunch", content=as_dict()
    ),
    "a function of scipy": lambda code: node("FunctionNode", "scipy._lib._pep440.parse"),
    "a method": lambda code: node(
        "MethodNode", "sklearn.linear_model._ridge.Ridge", content={"func": "fit", "obj": text(1)}
    ),
    "an operator": lambda code: node("OperatorFuncNode", "operator.methodcaller", attrs=as_tuple(text(code))),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_crafted_type_is_refused_before_it_runs(attack, file, tmp_path):
    witness = tmp_path / "executed"
    code = f"open({str(witness)!r}, 'w').close()"
    array = io.BytesIO()
    np.save(array, np.array(code))

    def smuggle(schema):
        schema["content"]["router"]["content"]["state"] = ATTACKS[attack](code)

    rewrite(file, smuggle, **{"code.npy": array.getvalue()})
    with pytest.raises(
        LcragError, match=r"r\.router holds .*, which is not a type that router files may hold"
    ):
        load_router(file)
    assert not witness.exists()


def test_a_module_is_not_imported_because_a_file_names_it(file, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')\nclass Evil: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    rewrite(file, lambda s: s["content"]["router"]["content"].update(type=text("evil_module:Evil")))
    with pytest.raises(LcragError, match="class 'evil_module:Evil', which is not one of lcrag's"):
        load_router(file)
    for name in ("file", "llm", "routed", "base", "learning"):
        rewrite(file, lambda s, n=name: s["content"]["router"]["content"].update(type=text(n)))
        with pytest.raises(LcragError, match=r"not one that can be saved|unknown router"):
            load_router(file)
    assert "evil_module" not in sys.modules


@pytest.mark.parametrize("name", ["../x.npy", "/tmp/x.npy", "a/b.npy", "a\\b.npy", "x.pkl"])
def test_a_member_with_another_name_is_refused(name, file):
    rewrite(file, **{name: b"x"})
    with pytest.raises(LcragError, match=r"r\.router has a member .*router files have no such names"):
        load_router(file)


def test_a_member_whose_name_is_cut_off_is_refused(file):
    """Python reads a name up to its first zero byte."""
    rewrite(file, **{"x.npy-txt": b"x"})
    file.write_bytes(file.read_bytes().replace(b"x.npy-txt", b"x.npy\0txt"))
    with pytest.raises(LcragError, match=r"has a member 'x\.npy\\x00txt'"):
        load_router(file)


def test_a_duplicate_member_is_refused(file):
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("schema.json", b"{}")
    with pytest.raises(LcragError, match=r"r\.router has a duplicate member 'schema\.json'"):
        load_router(file)


def test_a_bomb_is_refused_before_it_is_unpacked(file, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 5_000_000)
    rewrite(file, **{"bomb.npy": bytes(6_000_000)})
    assert file.stat().st_size < 5_000_000
    with pytest.raises(LcragError, match=r"r\.router unpacks to [\d,]+ bytes; .* at most 5,000,000"):
        load_router(file)
    monkeypatch.setattr(limits, "MAX_BYTES", 1000)
    with pytest.raises(LcragError, match=r"r\.router has .* bytes; a router file has at most 1,000"):
        load_router(file)


def test_what_a_file_may_unpack_to_is_bounded_by_its_size(file):
    """A gigabyte of zeros is a megabyte in a zip."""
    rewrite(file, **{"bomb.npy": bytes(100_000_000)})
    assert file.stat().st_size < 2_000_000
    with pytest.raises(LcragError, match=r"unpacks to [\d,]+ bytes; a router file of its size has at most"):
        load_router(file)


@pytest.mark.slow
def test_any_flipped_byte_is_a_router_or_one_sentence(file):
    whole = file.read_bytes()
    for at in [*range(0, len(whole), max(1, len(whole) // 150)), *range(len(whole) - 60, len(whole))]:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            load_router(file)
        except LcragError as error:
            assert str(file) in str(error) and "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"file": ["a"]}, "refers to a member"),
        ({"content": None}, "damaged one"),
        ({"content": {"format": 3}}, "damaged one"),
        ({"content": []}, "damaged one"),
    ],
)
def test_a_schema_of_another_shape_is_one_sentence(content, message, file):
    rewrite(file, lambda schema: schema.update(content))
    with pytest.raises(LcragError, match=rf"r\.router.*{message}"):
        load_router(file)


@pytest.mark.parametrize(("setting", "value"), [("k", "many"), ("k", [1]), ("name", 3), ("own_model", "x")])
def test_a_setting_of_another_type_is_refused_when_it_is_loaded(setting, value, examples, tmp_path):
    from skops.io import dumps, loads

    file = tmp_path / "r.router"
    save_router(KNNRouter().fit(examples), file)
    content = loads(file.read_bytes(), trusted=["builtins.str"])
    content["router"]["settings"][setting] = value
    file.write_bytes(dumps(content))
    with pytest.raises(LcragError, match=rf"r\.router .*(damaged|does not have).*{setting}"):
        load_router(file)


def test_too_many_members_and_too_large_a_schema_are_refused(file, monkeypatch):
    monkeypatch.setattr(limits, "MAX_MEMBERS", 3)
    with pytest.raises(LcragError, match=r"members; a router file has at most 3"):
        load_router(file)
    monkeypatch.undo()
    monkeypatch.setattr(limits, "MAX_SCHEMA_BYTES", 100)
    with pytest.raises(LcragError, match=r"schema\.json of .* bytes; a router file's has at most 100"):
        load_router(file)


def test_a_member_that_is_larger_than_it_declares_is_refused(file):
    """The local header and the directory say 10 bytes, the compressed data holds a million."""
    rewrite(file, **{"liar.npy": bytes(1_000_000)})
    data = file.read_bytes().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    file.write_bytes(data)
    with pytest.raises(LcragError, match="not a router file, or a damaged one"):
        load_router(file)


def test_an_array_that_asks_for_more_than_it_has_is_refused(file):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    array = node("NdArrayNode", "numpy.ndarray", type="numpy", file="huge.npy")
    rewrite(file, lambda s: s["content"].update(x=array), **{"huge.npy": header.getvalue() + b"12345678"})
    with pytest.raises(LcragError, match=r"array 'huge\.npy' whose size is not what its header says"):
        load_router(file)


def test_a_missing_member_is_named(file):
    array = node("NdArrayNode", "numpy.ndarray", type="numpy", file="nowhere.npy")
    rewrite(file, lambda s: s["content"].update(x=array))
    with pytest.raises(LcragError, match=r"refers to a member 'nowhere\.npy' that it does not have"):
        load_router(file)


def test_files_that_are_not_routers(file, tmp_path):
    for name in ("a\nb", "a\u2028b"):
        with pytest.raises(LcragError) as caught:
            load_router(tmp_path / name)
        assert str(caught.value) == f"There is no router at {tmp_path}/a b."
    with pytest.raises(LcragError, match=r"There is no router at .*none"):
        load_router(tmp_path / "none")
    whole = file.read_bytes()
    for damaged in (b"", b"nonsense", whole[: len(whole) // 2], whole[:-30], whole[100:]):
        file.write_bytes(damaged)
        with pytest.raises(LcragError, match=r"r\.router is not a router file, or a damaged one"):
            load_router(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("other.json", "{}")
    with pytest.raises(LcragError, match=r"is not a router file: it has no schema\.json"):
        load_router(file)
    for content in ("[" * 100_000, "{}", "[]", "nothing"):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("schema.json", content)
        with pytest.raises(LcragError, match=r"r\.router"):
            load_router(file)


def test_another_format_or_release_is_told_apart(file):
    with zipfile.ZipFile(file.with_name("old"), "w") as archive:
        archive.writestr("router.json", '{"format": 1}')
    with pytest.raises(LcragError, match=r"holds a router of format 1, .*: fit it again"):
        load_router(file.with_name("old"))
    whole = file.read_bytes()
    rewrite(file, lambda s: s["content"].update(format=text(99)))
    with pytest.raises(LcragError, match="format 99, this lcrag reads 2: fit it again"):
        load_router(file)
    file.write_bytes(whole)
    rewrite(file, lambda s: s["content"]["versions"]["content"].update({"scikit-learn": text("0.1.0")}))
    with pytest.raises(LcragError, match=r"was fitted with scikit-learn 0\.1\.0, this is .*: fit it again"):
        load_router(file)
    file.write_bytes(whole)
    rewrite(file, lambda s: s.update(protocol=0))
    with pytest.raises(LcragError, match="another version of skops"):
        load_router(file)
    file.write_bytes(whole)
    rewrite(file, lambda s: s["content"]["router"]["content"].update(settings=as_dict(least=text(2))))
    with pytest.raises(LcragError, match="has a setting 'least', which QualityRouter does not have"):
        load_router(file)


# --- routers and estimators of one's own


@dataclass(frozen=True)
class Words:
    weight: float
    counts: dict[str, int]


@dataclass(frozen=True)
class WordState:
    words: tuple[Words, ...]
    matrix: np.ndarray
    estimator: object
    inner: LaRAPrior | None
    table: dict[str, np.ndarray]


@dataclass(frozen=True)
class WordRouter(LearningRouter[WordState]):
    """Somebody's router, with all that a state may hold."""

    favourites: tuple[str, ...] = ("long_context",)
    name: str = "word_router"

    def fit(self, examples):
        from sklearn.linear_model import Ridge

        rows = np.arange(len(examples))[:, None]
        words = (Words(0.5, {"tin": 1}), Words(2.0, {}))
        ridge = Ridge().fit(rows, examples.scores)
        state = WordState(words, examples.scores[:3], ridge, LaRAPrior().fit(examples), {"a": np.eye(2)})
        return self.with_state(state)

    def choose(self, queries, candidates):
        return [Decision(self.favourites[0])] * len(queries)


def test_ones_own_router_is_saved_and_loaded_when_it_is_named(examples, tmp_path):
    fitted = WordRouter(("a", "b")).fit(examples)
    save_router(fitted, tmp_path / "r")
    with pytest.raises(LcragError, match=r"class '.*test_router_file:WordRouter', .* name it in `trusted`"):
        load_router(tmp_path / "r")
    for trusted in ([WordRouter], [f"{WordRouter.__module__}:WordRouter"]):
        loaded = load_router(tmp_path / "r", trusted)
        assert loaded == fitted and loaded.favourites == ("a", "b")
        assert loaded.state.words == fitted.state.words
        assert loaded.state.matrix.tolist() == fitted.state.matrix.tolist()
        assert loaded.state.estimator.coef_.tolist() == fitted.state.estimator.coef_.tolist()
        assert loaded.state.inner.state == fitted.state.inner.state
        assert loaded.state.table["a"].tolist() == [[1, 0], [0, 1]]


OWN = """
from dataclasses import dataclass
from typing import Any
from lcrag.routers import Decision, LearningRouter

@dataclass(frozen=True)
class MyRouter(LearningRouter[dict[str, Any]]):
    name: str = "mine"
    bonus: float = 0.0

    def fit(self, examples):
        return self.with_state({"best": examples.strategies[examples.best_fixed], "scores": examples.scores[:2]})

    def choose(self, queries, candidates):
        return [Decision(self.fitted_state["best"])] * len(queries)
"""


def test_a_router_from_a_file_of_ones_own(examples, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(OWN)
    fitted = build("router", {"type": "./mine.py:MyRouter", "bonus": 2}, "x", folder=tmp_path).fit(examples)
    save_router(fitted, tmp_path / "my.router")
    with pytest.raises(LcragError, match=r"class 'mine\.py:MyRouter', which is not one of lcrag's"):
        load_router(tmp_path / "my.router")
    monkeypatch.chdir(tmp_path)
    spec = {"type": "file", "path": "my.router", "trusted": ["./mine.py:MyRouter"]}
    loaded = build("router", spec, "x", folder=Path())
    assert (loaded.bonus, loaded.state["best"]) == (2.0, fitted.state["best"])
    assert loaded.choose(examples.queries[:1], ARMS) == fitted.choose(examples.queries[:1], ARMS)


@dataclass(frozen=True)
class Holder(ReplayableRouter):
    thing: object
    name: str = "holder"


class NotData(ReplayableRouter):
    name = "not_data"


def test_what_cannot_be_saved_says_so(tmp_path):
    with pytest.raises(LcragError, match=r"A router with object in router\.thing cannot be saved"):
        save_router(Holder(object()), tmp_path / "r")
    with pytest.raises(LcragError, match="declare the field's type as Words"):
        save_router(Holder(Words(1.0, {})), tmp_path / "r")
    with pytest.raises(LcragError, match="not_data cannot be saved: make NotData a dataclass"):
        save_router(NotData(), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_any_scikit_learn_estimator_can_be_plugged_in(examples, unseen, tmp_path):
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.tree import DecisionTreeClassifier

    tree = FeatureRouter(estimator=DecisionTreeClassifier(max_depth=3, random_state=0))
    forest = QualityRouter(estimator=RandomForestRegressor(20, random_state=0, min_samples_leaf=5))
    for router, trusted in ((tree, []), (forest, [RandomForestRegressor])):
        fitted = router.fit(examples)
        assert accuracy(fitted.choose(unseen.queries, ARMS), unseen) > 0.85
        save_router(fitted, tmp_path / "r")
        loaded = load_router(tmp_path / "r", trusted)
        assert loaded.choose(unseen.queries, ARMS) == fitted.choose(unseen.queries, ARMS)
    with pytest.raises(LcragError, match="'logistics' is not an estimator for a router"):
        FeatureRouter(estimator="logistics").fit(examples)


def test_an_estimator_of_ones_own_is_loaded_when_it_is_named(examples, tmp_path):
    from tests.routers.stranger import Stranger

    save_router(FeatureRouter(estimator=Stranger()).fit(examples), tmp_path / "r")
    with pytest.raises(LcragError, match=r"holds tests\.routers\.stranger\.Stranger .*name it in `trusted`"):
        load_router(tmp_path / "r")
    for trusted in (["tests.routers.stranger.Stranger"], [Stranger], ["tests.routers.stranger:Stranger"]):
        assert load_router(tmp_path / "r", trusted).choose(examples.queries[:1], ARMS)
