"""A run as a notebook shows it: its text, its cell, its drawings."""
