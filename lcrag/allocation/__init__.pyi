from .curve import Replay as Replay
from .curve import replay_curve as replay_curve
from .knapsack import Assignment as Assignment
from .knapsack import allocate as allocate
from .online import OnlineAllocator as OnlineAllocator
