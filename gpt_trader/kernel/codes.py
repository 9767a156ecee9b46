"""Integer codes that the compiled and the interpreted side share, with their names.

A code is what a decision, a refusal or a fill says about itself; people and JSON see the name.
"""

# What a fill was for.
FILL_ENTRY = 1
FILL_REDUCE = 2
FILL_EXIT = 3
FILL_STOP = 4
FILL_TAKE_PROFIT = 5
FILL_TRAIL = 6
FILL_MAX_BARS = 7
FILL_OPERATOR = 8
FILL_DELISTED = 9  # what could not be sold before the end of a listing, written off at a price of 0

FILL_NAMES = {
    FILL_ENTRY: "ENTRY",
    FILL_REDUCE: "REDUCE",
    FILL_EXIT: "EXIT",
    FILL_STOP: "STOP",
    FILL_TAKE_PROFIT: "TAKE_PROFIT",
    FILL_TRAIL: "TRAIL",
    FILL_MAX_BARS: "MAX_BARS",
    FILL_OPERATOR: "OPERATOR",
    FILL_DELISTED: "DELISTED",
}

# Which order of its cause an order is: cause and ordinal make its id.
ORDINAL_BAR = 0  # a bar's decision placed it; its cause is that bar
ORDINAL_PROTECTION = 1  # it is the protection that this bar's entry brought
ORDINAL_QUOTE = 2  # a quote passed the stop; its cause is that quote's time, ms

TAKER = 0
MAKER = 1
LIQUIDITY_NAMES = {TAKER: "taker", MAKER: "maker"}

BUY = 1
SELL = -1
SIDE_NAMES = {BUY: "buy", SELL: "sell"}

# What a decision came to. 1-19 hold, 20-29 act, 40 and up refused, by a guard that names it.
HOLD_NO_OPINION = 1
HOLD_FLAT = 2
HOLD_IN_BAND = 3
HOLD_STOPPED_OUT = 4
HOLD_ORDER_WORKING = 5
HOLD_ENTRY_MISSED = 6
HOLD_DUST = 7
HOLD_SHORT_UNSUPPORTED = 8

ACT_ENTER = 20
ACT_REDUCE = 21
ACT_EXIT = 22
ACT_MAX_BARS = 23

REFUSED_HALTED = 40
REFUSED_PAUSED = 41
REFUSED_DAILY_LOSS = 42
REFUSED_DRAWDOWN = 43
REFUSED_ENTRIES = 44
REFUSED_STALE_BAR = 45
REFUSED_PRODUCT_CAP = 46
REFUSED_GROSS_CAP = 47
REFUSED_CASH = 48
REFUSED_MINIMUM = 49
REFUSED_GRID = 50
REFUSED_OVERFLOW = 51
REFUSED_MISSING_INPUT = 52
REFUSED_UNKNOWN_ORDER = 53
REFUSED_UNRECONCILED = 54

DECISION_NAMES = {
    HOLD_NO_OPINION: "NO_OPINION",
    HOLD_FLAT: "TARGET_FLAT",
    HOLD_IN_BAND: "IN_BAND",
    HOLD_STOPPED_OUT: "STOPPED_OUT",
    HOLD_ORDER_WORKING: "ORDER_WORKING",
    HOLD_ENTRY_MISSED: "ENTRY_MISSED",
    HOLD_DUST: "DUST",
    HOLD_SHORT_UNSUPPORTED: "SHORT_UNSUPPORTED",
    ACT_ENTER: "ENTER",
    ACT_REDUCE: "REDUCE",
    ACT_EXIT: "EXIT",
    ACT_MAX_BARS: "MAX_BARS",
}
FIRST_REFUSAL = 40
N_CODES = 64
