"""Measuring whole processes: wall and CPU time side by side, peak memory, instructions."""

import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time


class Failed(Exception):
    """A measured program did not do its work, so its figures mean nothing."""


class Command:
    """One contender. `work` is how many times the base's work one run of it does."""

    def __init__(self, name, argv, work=1.0, stdin=None):
        self.name, self.argv, self.work, self.stdin = name, argv, work, stdin


def once(world, command, output=None):
    """(wall, cpu) seconds of one run; its children count as far as it waited for them."""
    null = os.open(os.devnull, os.O_RDWR)
    given = os.open(command.stdin, os.O_RDONLY) if command.stdin else null
    out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if output else null
    complaints = tempfile.TemporaryFile()
    begin = time.perf_counter()
    pid = os.posix_spawnp(command.argv[0], command.argv, world.env, file_actions=[
        (os.POSIX_SPAWN_DUP2, given, 0), (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_DUP2, complaints.fileno(), 2)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    for one in {null, given, out}:
        os.close(one)
    if status:
        complaints.seek(0)
        text = complaints.read(2000).decode(errors="replace").strip()
        raise Failed(f"{command.name}: status {os.waitstatus_to_exitcode(status)}: {text}")
    return wall / command.work, (usage.ru_utime + usage.ru_stime) / command.work


class Side:
    """Figures of one contender, and against another of its table."""

    def __init__(self, samples):
        self.walls, self.cpus = zip(*samples)
        self.wall_ms = 1000 * statistics.median(self.walls)
        self.cpu_ms = 1000 * statistics.median(self.cpus)

    def against(self, base):
        """(cpu, wall): medians of the per-round ratios."""
        return (statistics.median(a / b for a, b in zip(self.cpus, base.cpus)),
                statistics.median(a / b for a, b in zip(self.walls, base.walls)))


def side_by_side(world, commands, rounds):
    """Round-robin, the first command of a round changing."""
    for command in commands:
        once(world, command)
    samples = {command.name: [] for command in commands}
    for turn in range(rounds):
        for step in range(len(commands)):
            command = commands[(turn + step) % len(commands)]
            samples[command.name].append(once(world, command))
    return {name: Side(rows) for name, rows in samples.items()}


def peak_kib(world, command, runs=3):
    """Peak resident memory; through time(1), because a child's figure starts at the size of the
    process that spawned it."""
    best = []
    for _ in range(runs):
        with tempfile.NamedTemporaryFile("r") as report:
            timed = Command(command.name, [
                shutil.which("time") or "/usr/bin/time", "-q", "-f", "%M", "-o", report.name,
                *command.argv], stdin=command.stdin)
            once(world, timed)
            best.append(int(report.read().split()[-1]))
    return statistics.median(best)


def instructions(world, command, runs=2):
    """User-space instructions of the process itself, in millions; the lower of `runs`, because
    hash seeds and addresses move it by a few hundred."""
    counts = []
    for _ in range(runs):
        with tempfile.NamedTemporaryFile("r") as log:
            counted = Command(command.name, [
                "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                "--log-file=" + log.name, *command.argv], stdin=command.stdin)
            once(world, counted)
            found = re.search(r"Collected : (\d+)", log.read())
            if not found:
                raise Failed(f"{command.name}: valgrind gave no count")
            counts.append(int(found.group(1)))
    return min(counts) / 1e6


def stdout_of(world, argv):
    """For checks that a contender really does what it is measured for."""
    done = subprocess.run(argv, env=world.env, capture_output=True, timeout=60, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(argv)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
