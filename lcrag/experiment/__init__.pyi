from .config import load_experiment as load_experiment
from .experiment import Experiment as Experiment
from .finished import FinishedRun as FinishedRun
from .results import Results as Results
