"""Questions written by a model on one's own documents, and the checks that they must pass."""
