from .comparison import RoutingComparison as RoutingComparison
from .evaluate import evaluate as evaluate
from .examples import examples_of as examples_of
from .replayed import Replayed as Replayed
from .replayed import cross_replay as cross_replay
from .replayed import replay as replay
