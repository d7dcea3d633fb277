"""Experiments: the engine, the journal, configuration, results and tracking."""

from lcrag.experiment.config import load as load_experiment
from lcrag.experiment.experiment import Experiment
from lcrag.experiment.results import Results

__all__ = ["Experiment", "Results", "load_experiment"]
