"""An experiment in a process of its own, on the counting server, so that it can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
QUICK = ["closed_book", {"type": "chunked_retrieval", "k": 2}, {"type": "long_context"}]
CALLS = [
    {"type": "map_reduce", "part_chars": 400},
    {"type": "refine", "part_chars": 400},
    {"type": "iter_drag", "m": 0, "k": 2, "n": 3},
]
BUILDS = [
    {"type": "gist_memory"},
    {"type": "summary_tree"},
    {"type": "memory", "keys": "value+fact"},
]


@dataclass
class Run:
    """One run folder and the processes that wrote to it.

    Attributes:
        folder: Where the configuration is; its outcomes are in ``out``.
        base_url: The server's address.
        strategies: As in YAML.
        documents: How many; there are two questions on each.
        extra: More keys of the YAML.
        reader: More keys of the reader.
    """

    folder: Path
    base_url: str
    strategies: list = field(default_factory=lambda: QUICK)
    documents: int = 2
    extra: dict = field(default_factory=dict)
    reader: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        texts = self.folder / "docs"
        texts.mkdir(parents=True, exist_ok=True)
        questions = []
        for i in range(self.documents):
            facts = " ".join(
                f"Part {j}: firm {i} made {17 * j + i} kites in {1900 + j} and sold them in Bergen."
                for j in range(24)
            )
            (texts / f"d{i}.md").write_text(facts)
            questions += [
                {
                    "id": f"a{i}",
                    "question": f"How many kites did firm {i} make in 1904?",
                    "answers": [str(68 + i)],
                },
                {"id": f"b{i}", "question": f"Where did firm {i} sell its kites?", "answers": ["Bergen"]},
            ]
            for question in questions[-2:]:
                question["documents"] = f"d{i}.md"
        lines = "".join(json.dumps(q) + "\n" for q in questions)
        (self.folder / "questions.jsonl").write_text(lines)
        spec = {
            "name": "faults", "output": "out", "mlflow": False, "retriever": "bm25",
            "embedder": "lcrag.testing.world:WordEmbedder",
            "dataset": {"type": "files", "documents": "docs", "questions": "questions.jsonl"},
            "reader": {"type": "openai", "model": "m", "base_url": self.base_url, "max_concurrency": 4,
                       "retry_seconds": 15, "timeout": 20, **self.reader},
            "strategies": self.strategies, **self.extra,
        }  # fmt: skip
        (self.folder / "own.yaml").write_text(json.dumps(spec))

    @property
    def journal(self) -> Path:
        """The journal of rows."""
        return self.folder / "out" / "outcomes.jsonl"

    @property
    def calls(self) -> Path:
        """The journal of calls."""
        return self.folder / "out" / "calls.jsonl"

    def start(self, **settings) -> subprocess.Popen:
        """Start or continue the run."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "lcrag.cli", "run", "own.yaml"],
            cwd=self.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings,
        )  # fmt: skip

    def finish(self, limit: float = 300, **settings) -> subprocess.CompletedProcess:
        """Run until it ends by itself, for so many seconds at most."""
        process = self.start(**settings)
        out, err = process.communicate(timeout=limit)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def stop(self, process: subprocess.Popen, number: int = signal.SIGKILL) -> tuple[int, str, str]:
        """Send a signal and wait for the end."""
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def wait_for(self, process: subprocess.Popen, condition) -> None:
        """Wait until the condition holds."""
        deadline = time.monotonic() + 120
        while not condition():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def table(self) -> pd.DataFrame:
        """What a finished run wrote."""
        return pd.read_parquet(self.folder / "out" / "outcomes.parquet")

    def keys(self) -> list[str]:
        """Keys of the finished rows in the journal, in its order."""
        entries = [json.loads(line) for line in self.journal.read_bytes().splitlines()]
        return [e["key"] for e in entries if not e["outcome"]["error"]]


def lines(path: Path) -> int:
    """Whole lines of a file, 0 where it is not there."""
    return path.read_bytes().count(b"\n") if path.exists() else 0
