"""Market data in files of other people's making."""
