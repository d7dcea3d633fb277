from .caps import Budget as Budget
from .caps import Limits as Limits
from .caps import OverBudget as OverBudget
from .defaults import default_embedder as default_embedder
from .defaults import with_defaults as with_defaults
from .guard import BudgetGuard as BudgetGuard
from .resources import Resources as Resources
from .toolbox import MeteredToolbox as MeteredToolbox
