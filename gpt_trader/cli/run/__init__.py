"""The run command."""
