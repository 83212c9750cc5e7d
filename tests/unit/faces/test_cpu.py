from __future__ import annotations

from pathlib import Path

import pytest

from visavis.faces.cpu import cpu_quota, has_bf16


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "threads"),
    [
        ({}, 8),  # no control groups: what the scheduler allows
        ({"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ({"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ({"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1),
        ({"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),  # never none
        ({"sys/fs/cgroup/cpu.max": "1600000 100000\n"}, 8),  # more than the CPU set has
        # the group of this process is deeper in the tree, and a group above it is stricter
        (
            {
                "proc/self/cgroup": "0::/pod/box\n",
                "sys/fs/cgroup/pod/box/cpu.max": "400000 100000\n",
                "sys/fs/cgroup/pod/cpu.max": "300000 100000\n",
            },
            3,
        ),
        # version 1
        (
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/box\n",
                "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            8,
        ),
        ({"sys/fs/cgroup/cpu.max": "nonsense"}, 8),
    ],
)
def test_the_quota_is_the_strictest_limit(tmp_path: Path, files: dict[str, str], threads: int) -> None:
    assert cpu_quota(write(tmp_path, files), affinity=8) == threads


def test_the_real_machine_has_at_least_one_cpu() -> None:
    assert cpu_quota() >= 1


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("flags\t\t: fpu avx512_bf16 sse\n", True),
        ("flags\t\t: fpu amx_bf16\n", True),
        ("flags\t\t: fpu avx2\n", False),
        ("model name : avx512_bf16\n", False),  # a name is no flag
    ],
)
def test_bf16_is_read_from_the_cpu_flags(tmp_path: Path, cpuinfo: str, expected: bool) -> None:
    assert has_bf16(write(tmp_path, {"proc/cpuinfo": cpuinfo})) is expected


def test_without_cpuinfo_there_is_no_bf16(tmp_path: Path) -> None:
    assert not has_bf16(tmp_path)
