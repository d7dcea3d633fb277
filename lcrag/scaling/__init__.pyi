from .choices import AllocationEvaluation as AllocationEvaluation
from .curve import BudgetCurve as BudgetCurve
from .curve import budget_curve as budget_curve
from .evaluation import evaluate_model as evaluate_model
from .measured import Informativeness as Informativeness
from .measured import Measured as Measured
from .model import AllocationModel as AllocationModel
from .model import fit as fit
