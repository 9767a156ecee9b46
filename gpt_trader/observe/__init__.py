"""What the outside sees: logs, metrics, health, notifications."""
