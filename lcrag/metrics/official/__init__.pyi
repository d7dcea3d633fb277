from .lara import Lara as Lara
from .string_match_all import StringMatchAll as StringMatchAll
from .string_match_any import StringMatchAny as StringMatchAny
from .subspan_em import SubspanEM as SubspanEM
from .true_false import TrueFalse as TrueFalse
