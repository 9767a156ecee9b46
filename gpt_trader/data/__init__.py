"""Market data in: files, the synthetic market, quality."""
