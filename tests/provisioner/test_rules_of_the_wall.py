"""The rules that keep labs apart, as text."""

from nbh_provisioner.engines import resolvers
from nbh_provisioner.engines.wall_rules import Walled, rules


def of(**said):
    given = {"bridge": "nbh-1", "subnet": "10.96.0.0/20", "resolvers": ("192.0.2.53",)}
    return rules(Walled(site="t", default="open", **(given | said)))


def chain(text, name):
    return text.partition(f" chain {name} {{\n")[2].partition("\n }")[0].splitlines()


def test_a_lab_whose_course_says_the_same_as_the_site_is_no_exception():
    assert "elements" not in of(exceptions={"10.96.0.2": "open"})
    assert "10.96.0.2 : goto closed" in of(exceptions={"10.96.0.2": "closed"})


def test_a_closed_lab_asks_no_name_server():
    assert not any(
        "53" in rule for rule in chain(of(exceptions={"10.96.0.2": "closed"}), "closed")
    )
    assert any("192.0.2.53" in rule for rule in chain(of(), "open"))


def test_a_private_network_is_opened_by_its_addresses_never_by_a_name():
    entries = "10.1.0.0/16:5432,100.64.7.0/24:80,db.example.org:5432"
    text = of(exceptions={"10.96.0.2": entries}, names={"db.example.org": ("10.1.2.3",)})
    name = text.partition("goto ")[2].partition(" ")[0]
    listed = chain(text, name)
    private = next(n for n, rule in enumerate(listed) if "10.0.0.0/8" in rule)
    before = {rule.split("{ ")[1].split(" }")[0] for rule in listed[:private] if "accept" in rule}
    after = {rule.split("{ ")[1].split(" }")[0] for rule in listed[private:] if "accept" in rule}
    assert {"10.1.0.0/16", "100.64.7.0/24"} <= before
    assert after == {"10.1.2.3"}


def test_a_name_that_leads_nowhere_opens_nothing():
    text = of(exceptions={"10.96.0.2": "gone.example.org:443"})
    assert "443" not in text


def test_labs_ask_the_name_servers_that_podman_gives_them():
    assert resolvers.servers("nameserver 192.0.2.1\nnameserver ::1\n") == ("192.0.2.1",)
    assert resolvers.servers("search x\nnameserver 127.0.0.53\n") == ("8.8.8.8", "8.8.4.4")
