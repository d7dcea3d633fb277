from .duplicates import document_groups as document_groups
from .failures import score_failures as score_failures
from .table import SCHEMA as SCHEMA
from .table import VERSION as VERSION
from .table import load_outcomes as load_outcomes
from .table import save_outcomes as save_outcomes
from .table import validate as validate
from .table import without_defects as without_defects
