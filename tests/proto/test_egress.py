"""What an operator writes about what labs may reach."""

import pytest

from nbh_proto import egress
from nbh_proto.egress import BadEgress


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("open", "open"),
        (" Closed ", "closed"),
        ("PyPI.org:443, files.pythonhosted.org:443", "files.pythonhosted.org:443,pypi.org:443"),
        ("10.1.0.0/16:5432,10.1.0.0/16:5432", "10.1.0.0/16:5432"),
        ("192.0.2.7/32:80", "192.0.2.7:80"),
    ],
)
def test_it_is_kept_in_one_form(written, kept):
    assert egress.checked(written) == kept
    assert egress.checked(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "half-open",
        "pypi.org",
        "pypi.org:0",
        "pypi.org:65536",
        "pypi.org:443,",
        "10.1.0.1/16:80",
        "[2001:db8::1]:443",
        "a b:80",
        "x; flush ruleset:80",
        "-x.org:80",
        ",".join(f"h{n}.org:80" for n in range(65)),
    ],
)
def test_what_says_nothing_is_refused(written):
    with pytest.raises(BadEgress):
        egress.checked(written)


def test_networks_are_told_from_names():
    name, network = egress.allowed("files.example.org:443,10.1.0.0/16:5432"), 1
    assert [a.network is None for a in name] == [True, False]
    assert str(name[network].network) == "10.1.0.0/16"
    assert egress.allowed("open") == egress.allowed("closed") == ()
