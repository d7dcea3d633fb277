"""The cost of an answer: FLOPs and KV bytes from the model's shape, dollars from a price card."""
