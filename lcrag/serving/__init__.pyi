from .application import Application as Application
from .drift import Drift as Drift
from .feedback_table import feedback_examples as feedback_examples
from .feedback_table import feedback_outcomes as feedback_outcomes
from .feedback_table import read_feedback as read_feedback
from .given import Feedback as Feedback
from .off_policy import OffPolicyValue as OffPolicyValue
from .off_policy import off_policy_value as off_policy_value
