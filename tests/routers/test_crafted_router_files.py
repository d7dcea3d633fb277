"""A crafted or damaged router file is refused in one sentence, before anything in it runs."""

from __future__ import annotations

import io
import json
import sys
import zipfile

import numpy as np
import pytest

import lcrag.routers.saving.archive as limits
from lcrag.errors import LcragError
from lcrag.routers import (
    KNNRouter,
    load_router,
    save_router,
)


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
