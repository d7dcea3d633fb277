from .judge import judge as judge
from .lara import import_lara as import_lara
from .lara_table import import_lara_table as import_lara_table
from .nocha import import_nocha as import_nocha
