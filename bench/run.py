"""All benchmarks, one after the other: `make bench`. Figures and what they mean are in docs/benchmarks.md.

    python bench/run.py [PICTURES] [--pairs PAIRS.csv] [--quick]

PICTURES is a folder with one folder of JPEG files a person; without it, views of the sample photographs are made, and
what needs labels is left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description="Run all benchmarks.")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--pairs", type=Path, help="labelled pairs of the folder's pictures")
    parser.add_argument("--quick", action="store_true", help="fewer pictures and rounds: to see that all of it runs")
    options = parser.parse_args()
    folder = [] if options.folder is None else [str(options.folder)]
    few = ["--pictures", "128", "--rounds", "1"] if options.quick else []
    run("start", *(["--rounds", "1"] if options.quick else []))
    run("engine", *folder, *few, *(["--pairs", str(options.pairs)] if options.pairs else []))
    run("service", *folder, *few)
    run("search")
    run("searches", *(["--jobs", "20000", "--faces", "20000", "--rounds", "3"] if options.quick else []))
    run("videos", *(["--minutes", "1", "--rounds", "1"] if options.quick else []))
    run("tracks", *(["--seconds", "20", "--rounds", "1"] if options.quick else []))
    run("memory", *folder, *(["--pictures", "500"] if options.quick else []))
    if folder:
        run("grouping", *folder)


def run(name: str, *arguments: str) -> None:
    print(f"== {name} ==", flush=True)
    subprocess.run([sys.executable, str(HERE / f"{name}.py"), *arguments], check=True)


if __name__ == "__main__":
    main()
