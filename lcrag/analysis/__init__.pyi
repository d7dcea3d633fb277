from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .heat_map import needle_heat_map as needle_heat_map
