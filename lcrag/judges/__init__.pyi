from .base import JudgedMetric as JudgedMetric
from .base import JudgeTools as JudgeTools
from .base import Verdict as Verdict
from .bert_score import BertScore as BertScore
from .ragas import Ragas as Ragas
