"""Profiles, environment and flags into one typed, traced configuration."""
