"""Brokers that send nothing: fills from bars, fills from quotes, a record of orders."""
