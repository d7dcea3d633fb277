"""A finished run, read from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.experiment.pages import Pages
from lcrag.experiment.stored import load_run

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.analysis.comparison import Comparison


@dataclass(frozen=True)
class FinishedRun:
    """What a run has left in its folder; ``print`` it for its table.

    Attributes:
        pages: The files of the run and what they are made of.
    """

    pages: Pages

    @classmethod
    def load(cls, folder: Path | str) -> FinishedRun:
        """Read a run's folder; of a run that was stopped, the rows that it has.

        Raises:
            LcragError: the folder holds no outcomes, or a file in it is damaged.
        """
        return cls(load_run(Path(folder)))

    @property
    def table(self) -> pd.DataFrame:
        """The outcomes, one row for each question and strategy, as ``Results.table``."""
        return self.pages.table

    @cached_property
    def comparison(self) -> Comparison:
        """Strategies, routers and baselines side by side, as the run has printed them.

        Raises:
            LcragError: the run's settings do not fit its outcomes.
        """
        return self.pages.compare()

    @property
    def output(self) -> Path:
        """The run's folder."""
        return self.pages.output

    @property
    def report(self) -> Path:
        """The HTML report; ``lcrag report FOLDER`` writes it again."""
        return self.pages.report

    def __str__(self) -> str:
        return str(self.comparison)

    def _repr_html_(self) -> str:
        return self.comparison._repr_html_()
