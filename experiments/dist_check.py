"""Build wheel and sdist, install the wheel into an environment of its own and run the README's example there.

The example is asked two of its eight questions.

``make dist-check``. Dependencies are those of the environment that runs this, so nothing is downloaded for them; lcrag
itself comes from the wheel alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parents[1]
WANTED = ("lcrag/demo.yaml", "lcrag/py.typed", "lcrag/__init__.pyi", "lcrag/analysis/report.html",
          "lcrag/published/data/", "retrievers/py.typed", "embedders/py.typed")  # fmt: skip


def run(*command: object, **settings: object) -> str:
    """A command's output; its failure ends the check."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **settings)  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:300]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return str(done.stdout)


def build(folder: Path) -> tuple[Path, Path]:
    """The sdist, and the wheel made from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def check_content(sdist: Path, wheel: Path) -> str:
    """Both have what they should, the wheel no more; returns the version."""
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
        metadata = Parser().parsestr(archive.read(next(f for f in files if f.endswith("/METADATA"))).decode())
    missing = [w for w in WANTED if not any(f.startswith(w) for f in files)]
    tops = {f.split("/")[0] for f in files} - {f"lcrag-{metadata['Version']}.dist-info"}
    if missing or tops != {"lcrag", "retrievers", "embedders"}:
        sys.exit(f"{wheel.name}: missing {missing}, at the top {sorted(tops)}.")
    with tarfile.open(sdist) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    if absent := [n for n in ("LICENSE", "README.md", "pyproject.toml", "lcrag/cli.py") if n not in names]:
        sys.exit(f"{sdist.name}: {absent} missing.")
    return str(metadata["Version"])


def environment(folder: Path, wheel: Path) -> Path:
    """A clean environment with the wheel, and this one's dependencies behind it."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    parents = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *_linked()}
    (site / "dependencies.pth").write_text(
        "\n".join(sorted(parents)) + "\n"
    )  # without their editable installs
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", wheel)
    return python


def _linked() -> list[str]:
    """Folders that this environment itself borrows by a ``.pth`` file."""
    site = Path(sysconfig.get_path("purelib"))
    lines = [line for file in site.glob("*.pth") for line in file.read_text("utf-8").splitlines()]
    return [line for line in lines if line.startswith("/") and "site-packages" in line]


def main() -> None:
    """See the module's docstring."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        version = check_content(*(made := build(folder / "dist")))
        python = environment(folder / "venv", made[1])
        settings = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        settings |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
        here = {"cwd": folder, "env": settings}
        origin = run(
            python, "-c", "import lcrag, retrievers; print(lcrag.__file__, retrievers.__file__)", **here
        )
        if not all(path.startswith(str(folder)) for path in origin.split()):
            sys.exit(f"Not the wheel's files are imported: {origin}")
        if (printed := run(python, "-m", "lcrag.cli", "version", **here).strip()) != version:
            sys.exit(f"The wheel is version {version}, and says {printed}.")
        run(folder / "venv" / "bin" / "lcrag", "cost", "--model", "gpt-4.1", **here)
        example = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[0]
        assert "questions=8" in example
        table = run(
            python, "-c", example.replace("questions=8", "questions=2"), **here
        )  # the same, in a minute
        if "long_context" not in table or "oracle" not in table:
            sys.exit(f"The README's example prints no table:\n{table}")
        sys.stdout.write(f"{made[0].name} and {made[1].name} build, install and run the README's example.\n")


if __name__ == "__main__":
    main()
