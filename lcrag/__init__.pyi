from .analysis import compare as compare
from .datasets import *
from .errors import LcragError as LcragError
from .errors import ReaderUnavailable as ReaderUnavailable
from .experiment import Experiment as Experiment
from .experiment import Results as Results
from .experiment import load_experiment as load_experiment
from .memory import MemoryStore as MemoryStore
from .outcomes import load_outcomes as load_outcomes
from .outcomes import save_outcomes as save_outcomes
from .outcomes import without_defects as without_defects
from .readers import *
from .replay import evaluate as evaluate
from .replay import examples_of as examples_of
from .routers import *
from .runtime import Budget as Budget
from .runtime import Limits as Limits
from .schema import Answer as Answer
from .schema import Document as Document
from .schema import Ledger as Ledger
from .schema import Outcome as Outcome
from .schema import Passage as Passage
from .schema import Question as Question
from .schema import Span as Span
from .schema import Usage as Usage
from .serving import Application as Application
from .strategies import *
from .version import __version__ as __version__
