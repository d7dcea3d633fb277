from lcrag.datasets.base import Dataset
