from .helmet import Helmet as Helmet
from .leval import LEval as LEval
from .loft import Loft as Loft
from .longbench import LongBench as LongBench
from .longbench_v2 import LongBenchV2 as LongBenchV2
from .string_match_all import StringMatchAll as StringMatchAll
from .string_match_any import StringMatchAny as StringMatchAny
from .subspan_em import SubspanEM as SubspanEM
