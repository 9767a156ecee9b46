"""What is wrong or missing in market data, and its repair."""
