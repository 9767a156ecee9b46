"""One fill, as a record."""

import numpy as np

# One row a fill. bar: index of the bar it happened in; cause: index of the bar whose
# decision made its order; ordinal: 0 the working order, 1 its protection; base: price in ticks
# before spread, slippage, impact and latency, 0 where it is not known.
FILL_DTYPE = np.dtype(
    [
        ("bar", np.int64),
        ("product", np.int64),
        ("side", np.int64),
        ("lots", np.int64),
        ("ticks", np.int64),
        ("fee", np.int64),
        ("liquidity", np.int64),
        ("reason", np.int64),
        ("cause", np.int64),
        ("ordinal", np.int64),
        ("cash", np.int64),
        ("base", np.int64),
    ]
)
