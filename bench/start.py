"""How long a server takes to be ready: on a fresh home, and on one that has been used.

python bench/start.py [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence

from home import fresh_server


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Seconds from the command to a ready server.")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    fresh, again = [], []
    for _ in range(options.rounds):
        with fresh_server(workers=2, start=False) as server:
            for seconds in (fresh, again):
                begun = time.perf_counter()
                server.start()
                seconds.append(time.perf_counter() - begun)
                server.stop()
    for name, seconds in (("fresh home", fresh), ("used home", again)):
        print(f"  {name}: {statistics.median(seconds):.1f} s to /readyz ({min(seconds):.1f}-{max(seconds):.1f})")


if __name__ == "__main__":
    main(sys.argv[1:])
