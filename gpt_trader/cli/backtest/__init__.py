"""The backtest command."""
