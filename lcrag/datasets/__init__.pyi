from .base import Dataset as Dataset
from .files import load_files as load_files
from .multi_hop import generate_multi_hop as generate_multi_hop
from .pydoc import load_pydoc as load_pydoc
from .pydoc_facts import load_pydoc_facts as load_pydoc_facts
from .synthetic import generate as generate
