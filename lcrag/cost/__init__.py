"""What an answer costs: FLOPs and KV bytes from the model's shape, dollars from a price card."""
