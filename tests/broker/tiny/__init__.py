"""A third exchange, as small as one can be: its own words, its own folder, one row."""
