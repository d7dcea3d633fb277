from .choices import Report as Report
from .curve import BudgetCurve as BudgetCurve
from .curve import budget_curve as budget_curve
from .evaluation import report as report
from .measured import Informativeness as Informativeness
from .measured import Measured as Measured
from .model import AllocationModel as AllocationModel
from .model import fit as fit
