from .ada_leval import load_ada_leval as load_ada_leval
from .lost_in_the_middle import load_lost_in_the_middle as load_lost_in_the_middle
from .ruler import load_ruler as load_ruler
