"""The durable, hash-chained log of everything that reached the engine.

It stores canonical JSON texts and knows none of the engine's types.
"""
