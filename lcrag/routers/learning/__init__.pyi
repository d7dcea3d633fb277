from .examples import Examples as Examples
from .query import Query as Query
from .router import LearningRouter as LearningRouter
from .router import ReplayableRouter as ReplayableRouter
