"""The tables side by side: the same work by everybody, in figures and as ratios to hallpass."""

import rows
from measure import instructions, peak_kib, side_by_side
from rows import Skip

# Python under valgrind takes minutes and tells nothing.
COUNTED = ("hallpass", "curl", "curl --cacert", "xh")


def one_get(bench):
    yield rows.one_get
    yield lambda bench: bench.curl(bench.h2 + "/json")
    yield rows.curl_one_ca
    yield rows.curl_in_a_shell
    yield lambda bench: rows.httpie(bench, "xh")
    yield rows.httpie
    yield rows.authlib


def many(bench):
    yield lambda bench: rows.batch(bench, 1000, "bench")
    yield lambda bench: rows.curl_many(bench, 1000, bench.h2, 50)
    yield lambda bench: rows.h2load(bench, 1000)
    yield rows.xargs_curl


TABLES = (("one authenticated GET over HTTPS", one_get, COUNTED),
          ("1000 of them, HTTP/2", many, ()))


def show(bench):
    for title, makers, counted in TABLES:
        commands = []
        for make in makers(bench):
            try:
                commands.append(make(bench))
            except Skip as reason:
                print(f"      ({reason})")
        sides = side_by_side(bench.world, commands, rows.few(bench))
        print(f"\n{title:34}{'wall ms':>9}{'× ours':>9}{'CPU ms':>9}{'× ours':>9}{'MiB':>7}"
              f"{'M instr.':>10}")
        for command in commands:
            side = sides[command.name]
            cpu, wall = side.against(sides[commands[0].name])
            count = (f"{instructions(bench.world, command, runs=1):.1f}"
                     if command.name in counted else "")
            print(f"  {command.name:32}{side.wall_ms:9.1f}{wall:9.1f}{side.cpu_ms:9.1f}{cpu:9.1f}"
                  f"{peak_kib(bench.world, command) / 1024:7.1f}{count:>10}", flush=True)
