"""Market data on this machine: one checked Parquet file a product, interval and month."""
