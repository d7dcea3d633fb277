from .base import Batch as Batch
from .base import Executor as Executor
from .local import LocalExecutor as LocalExecutor
from .ray import RayExecutor as RayExecutor
