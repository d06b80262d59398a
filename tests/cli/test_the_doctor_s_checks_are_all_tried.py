"""Whatever `nbh doctor` can find wrong, a test breaks and mends (E-5)."""

import ast
from pathlib import Path

from nbh_cli import doctor
from tests.cli import test_the_doctor_s_checks_of_a_machine as machine
from tests.cli import test_the_doctor_s_checks_of_a_site as site
from tests.cli import test_the_doctor_s_checks_of_a_system as system

LEVELS = {"error", "warning"}


def levels(called):
    """Of what is made: ``error(…)``, or ``(error if … else warning)(…)``."""
    return {node.id for node in ast.walk(called) if isinstance(node, ast.Name)} & LEVELS


def findings(text):
    """What a module can find wrong: "check level" of each."""
    return {
        f"{ast.literal_eval(call.args[0])} {level}"
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.IfExp)
        for level in levels(call.func)
    }


def tried():
    """What the tests break."""
    tests = [test for module in (machine, site, system) for test in vars(module).values()]
    return set().union(*(getattr(test, "breaks", set()) for test in tests))


def test_whatever_can_be_found_wrong_is_broken_and_mended_by_a_test():
    modules = Path(doctor.__file__).parent.glob("*.py")
    found = set().union(*(findings(module.read_text()) for module in modules))
    assert len(found) > 30
    assert tried() == found


def test_a_new_finding_is_seen():
    text = 'def check():\n    yield (error if late else warning)("new", "it is so", "do this")\n'
    assert findings(text) == {"new error", "new warning"}
