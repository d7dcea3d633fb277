from .multi_needle import generate_multi_needle as generate_multi_needle
from .niah import generate_niah as generate_niah
from .ruler import generate_ruler as generate_ruler
from .threads import generate_threads as generate_threads
from .tsort import generate_tsort as generate_tsort
