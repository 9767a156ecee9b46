"""Where orders go: simulated brokers, what is true at every exchange, and a folder a venue."""
