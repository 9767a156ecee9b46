"""History through the same decisions: fast, replay, results."""
