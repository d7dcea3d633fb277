from .build import build as build
from .find import find as find
from .find import names as names
from .kinds import KINDS as KINDS
from .kinds import Kind as Kind
from .settings import digest as digest
from .settings import settings as settings
