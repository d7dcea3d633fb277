from .base import JudgedMetric as JudgedMetric
from .base import JudgeTools as JudgeTools
from .base import Verdict as Verdict
from .correctness import Correctness as Correctness
from .panel import Panel as Panel
