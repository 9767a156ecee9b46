"""Statistics of a path of equity and trades, the same for every run."""
