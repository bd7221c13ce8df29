#!/usr/bin/env python3
"""Writes .cargo/layout.ld: which functions the linker puts side by side, by what really runs.

A function is named by its path, without the compiler's hash and without type arguments, so that
the list outlives small changes and other compilers; a module that is mostly used is named whole."""

import bisect
import collections
import os
import re
import subprocess
import sys

from measure import Command, once
from signin import seed
from world import World

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# A line of the list may cost this many bytes of functions that did not run: whole modules in place
# of their functions make it shorter, and true for longer.
BYTES_A_LINE = 1000

START = {"version": ["--version"], "token": ["token", "bench"], "status": ["status"]}
REQUEST = {
    "help": ["--help"],
    "HTTP/2": ["call", "bench", "/json"],
    "HTTP/1.1": ["call", "bench1", "/json"],
    "batch": ["batch", "bench"],
    "refresh": ["token", "bench", "--refresh"],
}

HEAD = """\
/* Made by tests/bench/layout.py, handed to the linker by .cargo/build.rs.

   Linux maps a program's file 64 KiB around each place that is touched. Functions that run in
   every `token`, and then those that run in every `call`, stand side by side here, so that a run
   does not map the rest. A function that is missing here works the same.

   The unwind tables are left out: with panic = "abort" nothing reads them. */
"""
TAIL = """\
SECTIONS {
  /DISCARD/ : { *(.eh_frame) *(.gcc_except_table .gcc_except_table.*) }
} INSERT BEFORE .text;
"""
SCRIPT = os.path.join(ROOT, ".cargo", "layout.ld")


def build():
    """The release build with its symbols and without a list: valgrind knows no section of code
    but `.text`."""
    write("")
    subprocess.run(["cargo", "rustc", "--release", "--locked", "--quiet", "--bin", "hallpass",
                    "--", "-C", "strip=none"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.path.join(target, "release", "hallpass")


def functions(binary):
    """address → (size, symbol)"""
    done = subprocess.run(["nm", "-S", binary], capture_output=True, text=True, check=True)
    rows = (line.split() for line in done.stdout.splitlines())
    return {int(row[0], 16): (int(row[1], 16), row[3]) for row in rows
            if len(row) == 4 and row[2] in "tTwW"}


def executed(world, argv):
    """Addresses of `argv`'s own instructions that ran, by callgrind."""
    profile = world.path("layout.profile")
    stdin = world.write("layout.stdin", '{"url":"/json"}\n' * 2)
    once(world, Command("callgrind", [
        "valgrind", "--tool=callgrind", "--dump-instr=yes", "--callgrind-out-file=" + profile,
        "--log-file=/dev/null", *argv], stdin=stdin))
    found, names, inside, address = set(), {}, False, 0
    with open(profile, encoding="utf-8") as lines:
        for line in lines:
            if named := re.match(r"(c?)ob=\((\d+)\)(?: (.*))?", line):
                called, number, name = named.groups()
                if name:
                    names[number] = name.strip()
                if not called:
                    inside = names[number] == argv[0]
            elif position := re.match(r"(0x[0-9a-f]+|[+-]\d+|\*)(?: |$)", line):
                text = position.group(1)
                if text.startswith("0x"):
                    address = int(text, 16)
                elif text != "*":
                    address += int(text)
                if inside:
                    found.add(address)
    os.remove(profile)
    return found


def hot(world, table, runs):
    """Starts of the functions that ran."""
    starts, ran = sorted(table), set()
    for argv in runs.values():
        for address in executed(world, [world.hallpass, *argv]):
            start = starts[bisect.bisect_right(starts, address) - 1]
            if address < start + table[start][0]:
                ran.add(start)
    return ran


def patterns(symbol):
    """Globs for `symbol`, from its crate down to itself."""
    if symbol.startswith("_R"):
        return [re.sub(r"\.\d+$", ".*", re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", symbol))]
    if not symbol.startswith("_ZN"):
        # gcc's second name for a function that stands in one section with the first.
        return [symbol.removesuffix(".localalias")]
    parts, at = [], 3
    while length := re.match(r"\d+", symbol[at:]):
        end = at + length.end() + int(length.group())
        parts.append(symbol[at:end])
        at = end
    if re.fullmatch(r"17h[0-9a-f]{16}", parts[-1]):
        parts.pop()
    coarse = []
    # `<path::to::Type as Trait>::method` begins with the text of its type.
    typed = re.match(r"\d+(_\$LT\$(?:\$RF\$|\$BP\$|mut\$u20\$|dyn\$u20\$)*)((?:\w+\.\.)*\w+)",
                     parts[0])
    if typed:
        path = typed.group(2).split("..")
        coarse = [f"_ZN*{typed.group(1)}{'..'.join(path[:n])}..*" for n in range(1, len(path))]
    coarse += ["_ZN" + "".join(parts[:n]) + "*" for n in range(1, len(parts))]
    return [*coarse, "_ZN" + "".join(parts) + "17h*"]


class Tree:
    """All functions by pattern, coarse to fine."""

    def __init__(self, table, ran, placed):
        self.total, self.ran = collections.Counter(), collections.Counter()
        self.below, self.roots = collections.defaultdict(set), set()
        for start, (size, symbol) in table.items():
            if start in placed:
                continue
            path = patterns(symbol)
            self.roots.add(path[0])
            for pattern, finer in zip(path, [*path[1:], None]):
                self.total[pattern] += size
                self.ran[pattern] += size * (start in ran)
                if finer:
                    self.below[pattern].add(finer)

    def chosen(self, pattern):
        """(patterns, bytes) that cover what ran below `pattern`."""
        if not self.ran[pattern]:
            return [], 0
        lines, size = [], 0
        for finer in sorted(self.below[pattern]):
            more, bigger = self.chosen(finer)
            lines, size = lines + more, size + bigger
        if not lines or self.total[pattern] - size <= BYTES_A_LINE * (len(lines) - 1):
            return [pattern], self.total[pattern]
        return lines, size

    def lines(self):
        found = [self.chosen(root) for root in sorted(self.roots)]
        return [line for lines, _ in found for line in lines], sum(size for _, size in found)


def section(name, lines):
    # The compiler calls `unlikely` what grows a vector, say, which every run does.
    listed = "".join(f"    *(.text.{line} .text.unlikely.{line})\n" for line in lines)
    return f"SECTIONS {{\n  .text.{name} : {{\n{listed}  }}\n}} INSERT BEFORE .text;\n"


def write(sections):
    with open(SCRIPT, "w", encoding="utf-8") as script:
        script.write(HEAD + sections + TAIL)


def main():
    binary = build()
    table = functions(binary)
    with World(binary, 1 << 20) as world:
        seed(world)
        start = hot(world, table, START)
        request = hot(world, table, REQUEST) - start
    text, placed = "", set()
    for name, ran in ("start", start), ("request", request):
        lines, size = Tree(table, ran, placed).lines()
        text += section(name, lines)
        placed |= ran
        print(f"{name}: {len(ran)} functions ran; {len(lines)} lines, {size / 1024:.0f} KiB",
              file=sys.stderr)
    write(text)


if __name__ == "__main__":
    main()
