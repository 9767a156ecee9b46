"""A published fee schedule through time, and what of it is known.

Sources disagree and most rates are shown to the signed-in only. Where they disagree the worse
value stands; where a tier's rates are unknown, those of the tier below it do.

Until 2026-09-16: 60/120 bps (maker/taker) below 10,000 of 30-day volume (some say below 1,000,
with 35/75 or 40/60 in between), then 25/40, from 50,000 15/25, from 100,000 10/20 (some say
10/18); above 1,000,000 unknown. Since then, by the exchange's announcement of that day: 50/90
in the US, 25/50 in the EU, the UK and Canada, 9/10 elsewhere; the rates of Advanced 1 to VIP 7
are unknown; VIP 8 pays 0/2. Tiers also follow derivatives volume and balances: not counted here.
"""

from typing import Literal

from gpt_trader.domain.fees import Rate, Schedule

FeeTier = Literal[
    "worst", "simulated", "intro", "advanced_1", "advanced_2", "advanced_3",
    "vip_1", "vip_2", "vip_3", "vip_4", "vip_5", "vip_6", "vip_7", "vip_8",
]  # fmt: skip
Region = Literal["us", "eu", "other"]

CHANGED_MS = 1_789_516_800_000  # 2026-09-16T00:00Z
ALWAYS_MS = -(2**62)

# 30-day volume in quote from which a tier holds
TIERS = {
    "intro": 0,
    "advanced_1": 10_000,
    "advanced_2": 50_000,
    "advanced_3": 250_000,
    "vip_1": 1_000_000,
    "vip_2": 5_000_000,
    "vip_3": 20_000_000,
    "vip_4": 50_000_000,
    "vip_5": 100_000_000,
    "vip_6": 200_000_000,
    "vip_7": 500_000_000,
    "vip_8": 1_000_000_000,
}

_BEFORE = (Rate(0, 60, 120), Rate(10_000, 25, 40), Rate(50_000, 15, 25), Rate(100_000, 10, 20))
_TOP = Rate(TIERS["vip_8"], 0, 2)
RATES: dict[str, tuple[tuple[int, tuple[Rate, ...]], ...]] = {
    "us": ((ALWAYS_MS, _BEFORE), (CHANGED_MS, (Rate(0, 50, 90), _TOP))),
    "eu": ((ALWAYS_MS, _BEFORE), (CHANGED_MS, (Rate(0, 25, 50), _TOP))),
    "other": ((ALWAYS_MS, _BEFORE), (CHANGED_MS, (Rate(0, 9, 10), _TOP))),
}

ADVANCED = Schedule(TIERS, RATES)
