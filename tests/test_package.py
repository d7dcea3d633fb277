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


def test_the_version_stands_in_one_place():
    import re
    import tomllib
    from pathlib import Path

    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    assert re.search(r"(?m)^version: (.*)$", (root / "CITATION.cff").read_text())[1] == lcrag.__version__


def test_a_folder_of_others_named_retrievers_is_told_in_one_sentence(tmp_path):
    (tmp_path / "retrievers").mkdir()
    (tmp_path / "retrievers" / "__init__.py").write_text("MINE = True\n")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import lcrag"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "lcrag needs its own package `retrievers`" in last and "rename that file or folder" in last
