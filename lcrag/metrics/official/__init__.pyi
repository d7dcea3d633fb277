from .exact_order import ExactOrder as ExactOrder
from .graph_walks import GraphWalks as GraphWalks
from .mrcr import Mrcr as Mrcr
from .string_match_all import StringMatchAll as StringMatchAll
from .string_match_any import StringMatchAny as StringMatchAny
from .subspan_em import SubspanEM as SubspanEM
