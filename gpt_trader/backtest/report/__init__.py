"""A backtest as a page: charts, tables and the verdict in one self-contained HTML file."""

from gpt_trader.backtest.report.page import html as html
