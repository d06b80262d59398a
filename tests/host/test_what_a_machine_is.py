"""What is read of a machine, from what the kernel and the distribution write."""

import pytest

from nbh_cli.host import machine

V1_AND_V2 = """tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""
V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n"
V1 = V1_AND_V2.replace("cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n", "")


@pytest.mark.parametrize(
    ("mounts", "hybrid"), [(V1_AND_V2, True), (V2, False), (V1, False), ("", False)]
)
def test_hybrid_cgroups_are_told_from_pure_ones(mounts, hybrid):
    assert machine.hybrid_cgroups(mounts) is hybrid


@pytest.mark.parametrize(
    ("capabilities", "may"),
    [
        pytest.param("000001ffffffffff", True, id="all"),
        pytest.param("000001fffeffffff", False, id="all but SYS_RESOURCE"),
        pytest.param("0000000000000000", False, id="none"),
    ],
)
def test_limits_may_be_raised_with_one_capability(capabilities, may):
    status = f"Name:\tpython\nCapPrm:\t000001ffffffffff\nCapEff:\t{capabilities}\n"
    assert machine.may_raise_limits(status) is may


@pytest.mark.parametrize(
    ("os_release", "ids"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n', ("debian",)),
        ("NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n", ("ubuntu", "debian")),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', ("rocky", "rhel", "centos", "fedora")),
        ("", ()),
    ],
)
def test_a_distribution_says_what_it_is_like(os_release, ids):
    assert machine.distributions(os_release) == ids


def test_this_machine_can_be_looked_at():
    here = machine.look()
    assert here.most_files != 0
    assert here.most_processes != 0
