"""What a user notices first: importing is free, everything exported is there."""

import json
import subprocess
import sys
import time

import lcrag

HEAVY = [
    "torch",
    "vllm",
    "faiss",
    "mlflow",
    "ragas",
    "transformers",
    "sentence_transformers",
    "pandas",
    "scipy",
    "sklearn",
    "matplotlib",
]


def loaded_after(code):
    probe = (
        f"{code}\nimport sys, json\nsys.stdout.write(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def is_under(limit, *command):
    """Whether one of several tries is quick enough: other work on the machine only makes them slower."""
    for _ in range(8):
        started = time.perf_counter()
        subprocess.run([sys.executable, *command], capture_output=True, check=True)
        if time.perf_counter() - started < limit:
            return True
    return False


def test_importing_loads_no_heavy_library():
    assert loaded_after("import lcrag, retrievers, embedders") == []
    assert loaded_after("import lcrag.cli") == []


def test_importing_and_help_are_quick():
    assert is_under(0.3, "-c", "import lcrag")
    assert is_under(0.7, "-m", "lcrag.cli", "--help")


def test_all_names_can_be_imported():
    for name in lcrag.__all__:
        assert getattr(lcrag, name) is not None
