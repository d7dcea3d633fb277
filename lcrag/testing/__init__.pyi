from .dataset import check_dataset as check_dataset
from .metric import check_metric as check_metric
from .reader import check_reader as check_reader
from .retrieval import check_chunker as check_chunker
from .retrieval import check_embedder as check_embedder
from .retrieval import check_retriever as check_retriever
from .router import check_router as check_router
from .strategy import check_strategy as check_strategy
