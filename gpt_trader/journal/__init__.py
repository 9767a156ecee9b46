"""The durable, hash-chained log of everything that reached the engine."""
