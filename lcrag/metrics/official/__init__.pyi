from .document_ndcg import DocumentNdcg as DocumentNdcg
from .lara import Lara as Lara
from .locomo import Locomo as Locomo
from .longmemeval_retrieval import LongMemEvalRetrieval as LongMemEvalRetrieval
from .string_match_all import StringMatchAll as StringMatchAll
from .string_match_any import StringMatchAny as StringMatchAny
from .subspan_em import SubspanEM as SubspanEM
from .true_false import TrueFalse as TrueFalse
