"""Write the tables of lcrag/published/data from the authors' files: ``python experiments/published_tables.py``.

Needs the published data of LaRA and NoCha: set LCRAG_DATA to the folder that holds ``LaRA`` and ``NoCha``. The texts
are read to score answers and to count what routers see; the tables have scores, costs and signals alone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lcrag.published import import_lara, import_nocha, save_facts
from lcrag.published.shipped import DATA

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Write both tables; a minute."""
    data = Path(os.environ.get("LCRAG_DATA", ROOT.parent / "shared" / "data"))
    sample = data / "NoCha" / "data_sample" / "data_sample.json"
    if not (data / "LaRA").is_dir() or not sample.is_file():
        sys.exit(f"No LaRA and NoCha in {data}: set LCRAG_DATA to the folder that holds them.")
    for name, outcomes in (("nocha", import_nocha(sample)), ("lara", import_lara(data / "LaRA"))):
        file = DATA / f"{name}.parquet"
        save_facts(outcomes, file)
        print(f"{len(outcomes)} outcomes, {file.stat().st_size / 1e6:.2f} MB: {file}")


if __name__ == "__main__":
    main()
