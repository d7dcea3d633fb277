from .examples import Examples as Examples
from .query import Query as Query
