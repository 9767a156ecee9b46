from gpt_trader import errors as errors
from gpt_trader import indicators as indicators
from gpt_trader import strategies as strategies
from gpt_trader.app.opened import OpenedSession as OpenedSession
from gpt_trader.app.opened import open_session as open_session
from gpt_trader.app.paper import run_paper as run_paper
from gpt_trader.backtest.compared import compare as compare
from gpt_trader.backtest.front import backtest as backtest
from gpt_trader.backtest.result import Result as Result
from gpt_trader.backtest.route import Route as Route
from gpt_trader.data.files.bar_files import load_bars as load_bars
from gpt_trader.data.synthetic import synthetic_market as synthetic_market
from gpt_trader.domain.bars import Bars as Bars
from gpt_trader.domain.costs import CostModel as CostModel
from gpt_trader.domain.costs import OrderStyle as OrderStyle
from gpt_trader.domain.costs import order_style as order_style
from gpt_trader.domain.market import Market as Market
from gpt_trader.domain.targets import Condition as Condition
from gpt_trader.domain.targets import Target as Target
from gpt_trader.domain.targets import Targets as Targets
from gpt_trader.errors import TraderError as TraderError
from gpt_trader.measure.inference import Trials as Trials
from gpt_trader.measure.measured import Metrics as Metrics
from gpt_trader.optimize.front import optimize as optimize
from gpt_trader.optimize.search import Search as Search
from gpt_trader.risk.policy import RiskPolicy as RiskPolicy

__version__: str
