"""How often 95 % intervals of a mean hold the truth, by the number of cases.

    python tests/benchmarks/intervals.py [--draws 1000]

Values are Beta(4, 1): skewed towards 1 as the Dice of a fair model is, with a mean of 0.8.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.runs.statistics import mean_interval


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000)
    given = parser.parse_args()
    sys.stdout.write("cases   BCa  percentile\n")
    for n in (5, 8, 10, 20, 40, 100):
        shares = []
        for method in ("bca", "percentile"):
            random = np.random.default_rng(1)
            found = [
                mean_interval(random.beta(4, 1, n), method=method, resamples=1000, seed=at)  # type: ignore[arg-type]
                for at in range(given.draws)
            ]
            shares.append(np.mean([interval.low <= 0.8 <= interval.high for interval in found]))
        sys.stdout.write(f"{n:5}  {shares[0]:.3f}  {shares[1]:.3f}\n")


if __name__ == "__main__":
    main()
