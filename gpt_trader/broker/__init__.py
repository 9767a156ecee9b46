"""Where orders go: the paper broker and, later, Coinbase."""
