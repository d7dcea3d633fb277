"""Valid files, spoilt: any outcome is fine but a traceback, more than one line, or more than ten seconds."""

from __future__ import annotations

import contextlib
import copy
import io
import sys
import time
import warnings

from hypothesis import settings
from hypothesis import strategies as st

from lcrag.errors import LcragError

fuzz = settings.get_profile("fuzz")
SECONDS = 10
DEEP = None
for _ in range(300):
    DEEP = [DEEP]
ODD = (
    None, True, False, 0, 1, -1, 2, 0.5, -0.5, float("inf"), float("nan"), 10**30, -(10**400), "", " ", "a", "False",
    "\0", "\ud83d", "\u2028", "a\nb", "x" * 5000, "\U0001f600", "../..", "/dev/full", "1e3", [], [None], [[]], ["a"],
    {}, {"type": "fixed"}, {"type": 3}, {"a": {"b": [1]}}, DEEP,
)  # fmt: skip


@contextlib.contextmanager
def in_time():
    start = time.process_time()
    yield
    assert time.process_time() - start < SECONDS


def survives(call, errors=LcragError):
    """What the call returns, or ``None`` after one sentence."""
    with in_time(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except errors as error:
            assert_sentence(str(error))
    return None


def assert_sentence(text):
    assert text.strip() and len(text.splitlines()) == 1 and "Traceback" not in text, text
    assert not text.endswith((": .", "().", "()")), text


def command_line(*arguments):
    """Exit status 0, 1 with one line, or 2 for what the command line itself refuses."""
    from lcrag.cli import main

    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["lcrag", *map(str, arguments)]
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            in_time(),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            main()
        status = 0
    except SystemExit as stop:
        status = stop.code or 0
    finally:
        sys.argv = before
    assert status in (0, 1, 2), status
    if status == 1:
        assert_sentence(err.getvalue().rstrip("\n"))
    return status


def paths_of(tree, at=()):
    """The places of all values in a tree of dicts and lists."""
    yield at
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from paths_of(value, (*at, key))


@st.composite
def spoilt_trees(draw, tree, times=3):
    """A tree in which some values are replaced, removed, renamed, copied or wrapped."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, times))):
        *place, last = draw(st.sampled_from([p for p in paths_of(tree) if p] or [(None,)]))
        if last is None:
            return draw(st.sampled_from(ODD))
        parent = tree
        for key in place:
            parent = parent[key]
        change = draw(st.sampled_from(["replace", "replace", "replace", "remove", "rename", "wrap", "text"]))
        if change == "replace":
            parent[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif change == "remove":
            del parent[last]
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(["", "id", "a\nb", "\ud83d", "x" * 3000]))] = parent.pop(last)
        elif change == "wrap":
            parent[last] = draw(
                st.sampled_from([[parent[last]], {"type": parent[last]}, {"a": parent[last]}])
            )
        else:
            parent[last] = draw(st.text(st.characters(codec=None), max_size=20))
    return tree


@st.composite
def spoilt_bytes(draw, data):
    """Bytes in which some are flipped, cut out, put in or repeated."""
    data = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.sampled_from([1, 2, 8, 100, len(data)]))
        change = draw(st.sampled_from(["flip", "cut", "put", "repeat", "end"]))
        if change == "flip" and data:
            data[start] ^= draw(st.integers(1, 255))
        elif change == "cut":
            del data[start : start + length]
        elif change == "put":
            data[start:start] = draw(
                st.sampled_from(
                    [b"\0", b"\xff", b"[" * 5000, b"{", b'"', b"\n", b"\xed\xa0\x80", b"9" * 5000]
                )
            )
        elif change == "repeat":
            data[start:start] = data[start : start + min(length, 100)]
        else:
            del data[start:]
    return bytes(data)
