from .ada_leval import load_ada_leval as load_ada_leval
from .failsafe_qa import load_failsafe_qa as load_failsafe_qa
from .long_proc import load_long_proc as load_long_proc
from .lost_in_the_middle import load_lost_in_the_middle as load_lost_in_the_middle
from .needle_bench import load_needle_bench as load_needle_bench
from .needle_threading import load_needle_threading as load_needle_threading
from .ruler import load_ruler as load_ruler
from .scbench import load_scbench as load_scbench
