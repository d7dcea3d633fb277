"""Confidence intervals and paired tests for questions in clusters: several questions on one document."""

from lcrag.statistics.agreement import cohen_kappa as cohen_kappa
from lcrag.statistics.agreement import fleiss_kappa as fleiss_kappa
from lcrag.statistics.linear import clustered_difference as clustered_difference
from lcrag.statistics.linear import influence_interval as influence_interval
from lcrag.statistics.mean import SCORES as SCORES
from lcrag.statistics.mean import Interval as Interval
from lcrag.statistics.mean import clustered_mean as clustered_mean
from lcrag.statistics.paired import Paired as Paired
from lcrag.statistics.paired import holm as holm
from lcrag.statistics.paired import paired_difference as paired_difference
from lcrag.statistics.power import documents_needed as documents_needed
from lcrag.statistics.power import min_documents as min_documents
from lcrag.statistics.power import smallest_difference as smallest_difference
from lcrag.statistics.rates import Rate as Rate
from lcrag.statistics.rates import clustered_rate as clustered_rate
from lcrag.statistics.signs import FLIPS as FLIPS
from lcrag.statistics.signs import smallest_p as smallest_p
from lcrag.statistics.two_way import two_way_mean as two_way_mean
from lcrag.statistics.variation import Variation as Variation
from lcrag.statistics.variation import variation as variation
