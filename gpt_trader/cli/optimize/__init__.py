"""The optimize command."""
