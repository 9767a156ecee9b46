"""What is true at every exchange: sent once, unknown, looked up, proven; reports, stream, pace."""
