from .answered import Answered as Answered
from .base import Acceptor as Acceptor
from .self_rating import SelfRating as SelfRating
from .supported import Supported as Supported
