from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .failsafe import Compliance as Compliance
from .failsafe import compliance as compliance
from .failsafe import llm_compliance as llm_compliance
from .heat_map import needle_heat_map as needle_heat_map
