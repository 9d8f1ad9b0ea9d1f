"""What the numbers were taken on, and what else the machine did meanwhile."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def about(repository: Path) -> dict:
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "commit": _git(repository, "rev-parse", "--short", "HEAD") + ("+" if _git(repository, "status", "-s") else ""),
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }


class Bystanders:
    """How many cores were busy, on average, with processes other than these."""

    def __init__(self, pids):
        self.pids = pids
        self.began = time.monotonic(), self._elsewhere()

    def cores(self) -> float:
        began, before = self.began
        return (self._elsewhere() - before) / (time.monotonic() - began)

    def _elsewhere(self) -> float:
        user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
        return (user + nice + system + irq + softirq + steal) / TICKS - sum(map(_seconds, self.pids))


def _seconds(pid: int) -> float:
    try:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])) / TICKS
    except FileNotFoundError:  # it ended
        return 0.0


def _field(file: str, name: str) -> str:
    return next(line.partition(":")[2].strip() for line in Path(file).read_text().splitlines() if line.startswith(name))


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True).stdout.strip()
