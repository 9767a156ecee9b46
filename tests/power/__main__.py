"""`make power SEEDS=n`: both error rates of the verdict, over many seeds of known worlds."""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.power.rates import Said, judge_seed, rates, row
from tests.power.worlds import BESIDE, CURVE, DECLARED, NOISE, UNREAL, YEARS, World

HEAD = "| world | seeds | PASS | mean Sharpe | what kept it from PASS |\n|---|---|---|---|---|"
MOST_WRONG, LEAST_RIGHT = 0.05, 0.85
GROUPS = {
    "declared": (DECLARED,),
    "noise": NOISE,
    "curve": CURVE,
    "beside": BESIDE,
    "years": YEARS,
    "unreal": UNREAL,
}


def main() -> int:
    """Print a row a world; return 1 if a promise of docs/backtest.md is not kept."""
    parser = argparse.ArgumentParser(prog="make power", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="worlds whose name, or group's, holds this")
    parser.add_argument("--pass-only", action="store_true", help="tell not what kept an edge")
    asked = parser.parse_args()
    judged = partial(judge_seed, whole=False if asked.pass_only else None)
    print(HEAD, flush=True)
    broken = []
    with ProcessPoolExecutor(asked.jobs) as pool:
        for group, world in _worlds(asked.only):
            began = time.perf_counter()
            seeds = range(asked.first, asked.first + asked.seeds)
            found: list[Said] = list(pool.map(partial(judged, world), seeds, chunksize=8))
            shares = rates(found)
            each_s = (time.perf_counter() - began) / len(found)
            print(row(world, shares), flush=True)
            print(f"{group}: {world.name}: {each_s:.2f} s a seed", file=sys.stderr, flush=True)
            if group in {"noise", "unreal"} and shares.passed > _bound(MOST_WRONG, len(found), 1):
                broken.append(f"{world.name}: PASS on nothing in {shares.passed:.1%}")
            if world == DECLARED and shares.passed < _bound(LEAST_RIGHT, len(found), -1):
                broken.append(f"{world.name}: PASS in {shares.passed:.1%} only")
    for one in broken:
        print(f"FAILED {one}", file=sys.stderr)
    return int(bool(broken))


def _worlds(only: str) -> Iterator[tuple[str, World]]:
    for group, worlds in GROUPS.items():
        for world in worlds:
            if only in world.name or only in group:
                yield group, world


def _bound(share: float, seeds: int, side: int) -> float:
    """Return what so few seeds may show of a share by chance: three deviations beyond it."""
    return share + side * 3.0 * (share * (1.0 - share) / seeds) ** 0.5


if __name__ == "__main__":
    sys.exit(main())
