from .ada_leval import AdaLEval as AdaLEval
from .long_proc import LongProc as LongProc
from .needle_bench import NeedleBench as NeedleBench
from .needle_threading import NeedleThreading as NeedleThreading
from .scbench import SCBench as SCBench
from .string_match_all import StringMatchAll as StringMatchAll
from .string_match_any import StringMatchAny as StringMatchAny
from .subspan_em import SubspanEM as SubspanEM
