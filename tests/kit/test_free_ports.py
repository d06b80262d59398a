"""Ports for tests are told to one only, although nobody uses them yet."""

from nbh_kit.testing import free_port, free_ports


def test_no_port_is_told_twice():
    told = [free_port() for _ in range(2_000)]
    assert len(set(told)) == len(told)


def test_ports_in_a_row_are_told_to_nobody_else():
    first = free_ports(9)
    row = set(range(first, first + 9))
    assert row.isdisjoint(free_port() for _ in range(2_000))
    second = free_ports(9)
    assert row.isdisjoint(range(second, second + 9))
