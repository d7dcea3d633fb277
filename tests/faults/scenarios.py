"""Faults that a run meets, and what comes out: rows lost, rows twice, calls paid twice."""

from __future__ import annotations

import random
import resource
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tests.faults.run import BUILDS, CALLS, QUICK, Run, lines
from tests.faults.server import CountingServer

EVERY = [*QUICK, *CALLS, *BUILDS]
PROXY = ("drop", "500", "429", "drip", "truncated", "html", "wrong json")
SAME = ["question_id", "strategy", "answer", "score", "prompt_hash", "read_prompt_tokens", "read_calls"]
MAX_RERUNS = 4


@dataclass
class Result:
    """What came out of one kind of fault.

    Attributes:
        fault: What happened, as the table says it.
        times: How often.
        rows: Rows of all runs together.
        failed: Rows that the disturbed runs ended with an error.
        lost: Rows that are missing or failed after running again without the fault.
        twice: Rows that were answered and journalled a second time.
        paid_twice: Answers that the server gave beyond those of an undisturbed run.
        differing: Runs whose final table differs from the undisturbed one.
        told: What the disturbed runs said: exit status and the first words on stderr.
    """

    fault: str
    times: int = 0
    rows: int = 0
    failed: int = 0
    lost: int = 0
    twice: int = 0
    paid_twice: int = 0
    differing: int = 0
    told: Counter[str] = field(default_factory=Counter)

    def tell(self, status: int, stderr: str) -> None:
        """Note how a disturbed run ended."""
        said = next((line for line in stderr.splitlines() if line.startswith("lcrag")), "")
        for part in ("make room", "Another run is writing", "answers failed", "No server answers", "stopped"):
            if part in said:
                said = part
        assert "Traceback" not in stderr, stderr
        self.told[f"{status}: {said[:60]}" if said else str(status)] += 1


class Faults:
    """Runs one set of strategies under faults and compares what comes out with an undisturbed run."""

    def __init__(
        self, folder: Path, strategies: list | None = None, documents: int = 2, judged: bool = False
    ) -> None:
        self.folder, self.documents, self.judged = folder, documents, judged
        self.strategies = EVERY if strategies is None else strategies
        self._count = 0
        with CountingServer() as server:
            run = self._run(server)
            done = run.finish()
            assert done.returncode == 0, done.stderr
            self.answered, self.table = server.answered, run.table()

    def _run(self, server: CountingServer, **changes) -> Run:
        self._count += 1
        folder = self.folder / f"run{self._count}"
        if self.judged:
            judge = {"type": "openai", "model": "m", "base_url": server.base_url, "max_concurrency": 2}
            changes["extra"] = {"metrics": [{"type": "correctness", "judge": judge}], "metric": "accuracy"}
        return Run(folder, server.base_url, self.strategies, self.documents, **changes)

    def _settle(self, result: Result, server: CountingServer, run: Run) -> None:
        """Run again without the fault, and count."""
        server.fault, server.gate = (lambda number: ""), None
        for _ in range(MAX_RERUNS):
            done = run.finish()
            if done.returncode == 0:
                break
        table = run.table()
        whole = table[table["error"].eq("")]
        result.times += 1
        result.rows += len(self.table)
        result.lost += len(self.table) - len(whole)
        keys = run.keys()
        result.twice += len(keys) - len(set(keys))
        result.paid_twice += sum((server.answered - self.answered).values())
        result.differing += not same(table, self.table)

    def kills(self, runs: int, kills: int, seed: int = 0, number: int = signal.SIGKILL) -> Result:
        """A signal at random moments of ``runs`` runs, ``kills`` times in each."""
        name = {signal.SIGKILL: "SIGKILL", signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}[number]
        result, rng = Result(f"{name} at a random moment"), random.Random(seed)
        total = sum(self.answered.values())
        for _ in range(runs):
            with CountingServer(delay=0.02) as server:
                run = self._run(server)
                for _ in range(kills):
                    at = server.arrived + rng.randint(1, max(2, total // (kills + 1)))
                    pause = rng.uniform(0, 0.05)
                    process = run.start()
                    while process.poll() is None and server.arrived < at:
                        time.sleep(0.002)
                    time.sleep(pause)
                    status, _, err = run.stop(process, number)
                    result.tell(status, err)
                result.times += kills - 1
                self._settle(result, server, run)
        return result

    def kills_while_judging(self, runs: int, kills: int, seed: int = 0) -> Result:
        """SIGKILL ``kills`` times in each of some runs, when all answers are there and some verdicts are not."""
        result, rng = Result("SIGKILL while a judge judges"), random.Random(seed)
        for _ in range(runs):
            with CountingServer(delay=0.02) as server:
                run, replies = self._run(server), 0
                path = run.folder / "out" / "replies.jsonl"
                for _ in range(kills):
                    replies += rng.randint(1, max(2, len(self.table) // (2 * kills)))
                    process = run.start()
                    while process.poll() is None and lines(path) < replies:
                        time.sleep(0.002)
                    status, _, err = run.stop(process)
                    result.tell(status, err)
                    replies = lines(path)
                result.times += kills - 1
                self._settle(result, server, run)
        return result

    def proxy(self, fault: str, every: int = 5) -> Result:
        """One request in ``every`` meets the fault."""
        result = Result(f"one request in {every}: {fault}")
        with CountingServer(fault=lambda number: fault if number % every == 2 else "") as server:
            run = self._run(server)
            done = run.finish()
            result.tell(done.returncode, done.stderr)
            result.failed += failed(run)
            self._settle(result, server, run)
        return result

    def refused(self, seconds: float = 1.0) -> Result:
        """No server for the first seconds."""
        result = Result(f"connection refused for {seconds:g} s at the start")
        with CountingServer() as server:
            run = self._run(server, reader={"max_model_len": 20_000})
            server.stop()
            process = run.start()
            while process.poll() is None and not (run.folder / "out" / ".lock").exists():
                time.sleep(0.01)
            time.sleep(seconds)
            server.start()
            _, err = process.communicate(timeout=300)
            result.tell(process.returncode, err)
            result.failed += failed(run)
            self._settle(result, server, run)
        return result

    def restarted(self, seconds: float) -> Result:
        """The server goes away in the middle of the run, and comes back after some seconds."""
        result = Result(f"server killed and back after {seconds:g} s")
        with CountingServer(delay=0.01) as server:
            run = self._run(server)
            half = sum(self.answered.values()) // 2
            process = run.start()
            run.wait_for(process, lambda: server.arrived >= half)
            server.stop()
            timer = threading.Timer(seconds, server.start)
            timer.start()
            _, err = process.communicate(timeout=300)
            timer.join()
            result.tell(process.returncode, err)
            result.failed += failed(run)
            self._settle(result, server, run)
        return result

    def small_disk(self, limit: int = 12_000) -> Result:
        """No file may become larger than ``limit`` bytes."""
        result = Result("disk full")

        def small_files() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        with CountingServer() as server:
            run = self._run(server)
            done = run.finish(preexec_fn=small_files)
            result.tell(done.returncode, done.stderr)
            result.failed += failed(run)
            self._settle(result, server, run)
        return result

    def second_writer(self) -> Result:
        """A second run is started in the folder of the first."""
        result = Result("second run in the same folder")
        with CountingServer(gate=3) as server:
            run = self._run(server)
            first = run.start()
            run.wait_for(first, lambda: server.arrived > 3)
            done = run.finish()
            result.tell(done.returncode, done.stderr)
            run.stop(first)
            self._settle(result, server, run)
        return result

    def damaged(self, seed: int = 0) -> Result:
        """A line in the middle of a finished run's journal is overwritten, and its end is torn off."""
        result, rng = Result("journal: a line damaged, the last one torn"), random.Random(seed)
        with CountingServer() as server:
            run = self._run(server)
            done = run.finish()
            assert done.returncode == 0, done.stderr
            content = run.journal.read_bytes().splitlines(keepends=True)
            place = rng.randrange(1, len(content) - 1)
            middle = bytes(rng.randrange(32, 127) for _ in range(len(content[place]) - 1)) + b"\n"
            torn = content[-1][: len(content[-1]) // 2]
            run.journal.write_bytes(b"".join([*content[:place], middle, *content[place + 1 : -1], torn]))
            result.tell(done.returncode, done.stderr)
            kept = lines(run.journal) - 1
            self._settle_damaged(result, server, run, kept)
        return result

    def _settle_damaged(self, result: Result, server: CountingServer, run: Run, kept: int) -> None:
        before = run.journal.read_bytes().splitlines(keepends=True)
        done = run.finish()
        assert done.returncode == 0, done.stderr
        table = run.table()
        result.times += 1
        result.rows += len(self.table)
        result.lost += len(self.table) - len(table[table["error"].eq("")])
        result.twice += lines(run.journal) - len(before) + 1 - (len(self.table) - kept)
        result.paid_twice += sum((server.answered - self.answered).values())
        result.differing += not same(table, self.table)


def failed(run: Run) -> int:
    """Rows that the last run ended with an error, as its table says."""
    path = run.folder / "out" / "outcomes.parquet"
    return int(pd.read_parquet(path)["error"].ne("").sum()) if path.exists() else 0


def same(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    """Whether answers, scores, prompts and calls of two tables are the same."""
    columns = [*SAME, *(c for c in ("score_correctness", "judge_calls") if c in b)]
    return a[columns].astype(str).equals(b[columns].astype(str))
