from .curve import SavingsCurve as SavingsCurve
from .curve import savings_curve as savings_curve
from .knapsack import Assignment as Assignment
from .knapsack import allocate as allocate
from .online import OnlineAllocator as OnlineAllocator
