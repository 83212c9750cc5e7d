"""What this process may use of the CPU."""

from __future__ import annotations

import math
import os
from pathlib import Path

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


def cpu_quota(root: Path = Path("/"), affinity: int | None = None) -> int:
    """How many threads can run at once: the CPU set and the control group's quota, at least 1.

    Args:
        root: where ``proc`` and ``sys`` are mounted.
        affinity: CPUs this process may be scheduled on; None asks the system.
    """
    cpus = _schedulable() if affinity is None else affinity
    quotas = [*_quotas_v2(root), *_quotas_v1(root)]
    # a quota of 1.5 CPUs keeps one thread busy all the time; a second one would be throttled
    return max(1, min([cpus, *(math.floor(quota) for quota in quotas)]))


def has_bf16(root: Path = Path("/")) -> bool:
    """Whether the CPU multiplies bfloat16 in hardware."""
    try:
        text = (root / "proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    return not BF16_FLAGS.isdisjoint(flags.split())


def _schedulable() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _quotas_v2(root: Path) -> list[float]:
    """Quotas of this process's group and of every group above it; the strictest one counts."""
    top = root / "sys/fs/cgroup"
    own = _own_group(root, "0::")
    quotas = []
    for folder in (own, *own.parents):
        words = _read(top / folder / "cpu.max").split()
        if len(words) == 2 and words[0] != "max":
            quotas.append(float(words[0]) / float(words[1]))
    return quotas


def _quotas_v1(root: Path) -> list[float]:
    own = _own_group(root, "cpu,cpuacct:", "cpu:", "cpuacct,cpu:")
    quotas = []
    for controller in ("cpu", "cpu,cpuacct"):
        top = root / "sys/fs/cgroup" / controller
        for folder in (own, *own.parents):
            quota_us = _read(top / folder / "cpu.cfs_quota_us").strip()
            period_us = _read(top / folder / "cpu.cfs_period_us").strip()
            if quota_us.isdigit() and period_us.isdigit() and int(period_us) > 0:
                quotas.append(int(quota_us) / int(period_us))
    return quotas


def _own_group(root: Path, *markers: str) -> Path:
    for line in _read(root / "proc/self/cgroup").splitlines():
        for marker in markers:
            if line.startswith(marker) or f":{marker}" in line:
                return Path(line.rpartition(":")[2].lstrip("/"))
    return Path()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
