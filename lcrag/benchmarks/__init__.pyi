from .helmet import load_helmet as load_helmet
from .leval import load_leval as load_leval
from .loft import load_loft as load_loft
from .longbench import load_longbench as load_longbench
from .longbench_e import load_longbench_e as load_longbench_e
from .longbench_v2 import load_longbench_v2 as load_longbench_v2
from .lost_in_the_middle import load_lost_in_the_middle as load_lost_in_the_middle
from .lveval import load_lveval as load_lveval
