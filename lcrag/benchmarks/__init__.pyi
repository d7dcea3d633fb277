from .lara import load_lara as load_lara
from .lost_in_the_middle import load_lost_in_the_middle as load_lost_in_the_middle
from .nocha import load_nocha as load_nocha
from .squality import load_squality as load_squality
