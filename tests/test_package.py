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
    "matplotlib",
]


def loaded_after(code):
    probe = (
        f"{code}\nimport sys, json\nsys.stdout.write(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def seconds(*command):
    best = 9.0
    for _ in range(4):
        started = time.perf_counter()
        subprocess.run([sys.executable, *command], capture_output=True, check=True)
        best = min(best, time.perf_counter() - started)
    return best


def test_importing_loads_no_heavy_library():
    assert loaded_after("import lcrag, retrievers, embedders") == []
    assert loaded_after("import lcrag.cli") == []


def test_importing_and_help_are_quick():
    bare = seconds("-c", "pass")
    assert seconds("-c", "import lcrag") < 0.3 + bare
    assert seconds("-m", "lcrag.cli", "--help") < 0.7 + bare


def test_all_names_can_be_imported():
    for name in lcrag.__all__:
        assert getattr(lcrag, name) is not None
