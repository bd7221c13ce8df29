#!/usr/bin/env python3
"""Prints each budget as met or not met. See README.md."""

import argparse
import os
import subprocess
import sys

import beside
from measure import Failed
from rows import ROWS, Bench, Skip
from signin import seed
from world import GIB, Missing, World, need

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("rows", nargs="*", type=float, help="only these, by number")
    parser.add_argument("--gate", action="store_true", help="only the deterministic ones")
    parser.add_argument("--rounds", type=int, default=20, help="side-by-side rounds (20)")
    parser.add_argument("--size", type=float, default=1, help="GiB of the big transfers (1)")
    parser.add_argument("--hallpass", default=os.environ.get("HALLPASS_BENCH_BINARY"),
                        help="binary to measure; by default a release build of this checkout")
    return parser.parse_args()


def release_build():
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.path.join(target, "release", "hallpass")


def judge(bench, number):
    """(verdict, finding, limit) of one row."""
    try:
        met, finding, limit = ROWS[number][2](bench)
        return ("met" if met else "NOT MET"), finding, limit
    except Skip as reason:
        return "skipped", str(reason), ""
    except (Failed, Missing) as reason:
        return "FAILED", str(reason), ""


def main():
    options = arguments()
    if not options.gate:
        need("curl")
    need("valgrind")
    wanted = [n for n in sorted(ROWS)
              if (not options.rows or n in options.rows or int(n) in options.rows)
              and (not options.gate or ROWS[n][1])]
    binary = os.path.abspath(options.hallpass or release_build())
    counts = {}
    with World(binary, int(options.size * GIB)) as world:
        seed(world)
        bench = Bench(world, options.rounds)
        for number in wanted:
            verdict, finding, limit = judge(bench, number)
            counts[verdict] = counts.get(verdict, 0) + 1
            print(f"{number:>4g}  {verdict:<8} {ROWS[number][0]}: {finding}"
                  + (f"  [{limit}]" if limit else ""), flush=True)
        if not options.gate and not options.rows:
            beside.show(bench)
    missed = counts.get("NOT MET", 0) + counts.get("FAILED", 0)
    print(f"budgets: {counts.get('met', 0)} passed, {missed} failed, "
          f"{counts.get('skipped', 0)} skipped")
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Missing, Failed) as reason:
        print(f"tests/bench: {reason}", file=sys.stderr)
        sys.exit(3)
