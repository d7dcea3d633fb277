from .config import load_experiment as load_experiment
from .experiment import Experiment as Experiment
from .results import Results as Results
