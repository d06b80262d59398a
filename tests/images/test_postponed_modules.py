"""What `nbh_lab.postponed` promises, each in a fresh Python on a small package."""

import subprocess
import sys
import textwrap

import pytest

from tests.conftest import REPOSITORY

LIB = REPOSITORY / "images/minimal-notebook/rootfs/opt/nbh/lib"

PACKAGE = {
    "heavy/__init__.py": """
        print("heavy is read")
        from heavy.part import inside
        class Shape:
            side = 4
        def double(x):
            return 2 * x
        limit = 10
    """,
    "heavy/part.py": """
        print("heavy.part is read")
        inside = "inside"
    """,
    "heavy/apart.py": """
        import heavy
        apart = heavy.limit
    """,
    "light/__init__.py": "",
    "light/single.py": """
        print("single is read")
        def half(x):
            return x / 2
    """,
}


@pytest.fixture
def python(tmp_path):
    """Runs a program after postponing; returns the lines that it prints."""
    for name, text in PACKAGE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
    begin = """
        import json
        from nbh_lab.postponed import postpone
        postpone({
            "heavy": ("Shape", "double"), "light.single": ("half",), "absent": ("x",),
            "absent.part": (), "json": ("loads",),
        })
        print("begun")
    """

    def run(program):
        done = subprocess.run(
            (sys.executable, "-c", textwrap.dedent(begin) + textwrap.dedent(program)),
            env={"PYTHONPATH": f"{LIB}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def test_importing_reads_nothing(python):
    said = python("""
        import heavy
        from heavy import Shape, double
        from light.single import half
    """)
    assert said == ["begun"]


def test_calling_a_name_reads_its_module_once(python):
    said = python("""
        from heavy import double
        print(double(2), double(3))
    """)
    assert said == ["begun", "heavy is read", "heavy.part is read", "4 6"]


def test_a_module_that_is_no_package_is_postponed_too(python):
    said = python("""
        from light.single import half
        print("imported")
        print(half(1))
    """)
    assert said == ["begun", "imported", "single is read", "0.5"]


def test_what_is_not_declared_is_read_at_once_and_right(python):
    said = python("""
        from heavy import limit
        print(limit)
    """)
    assert said == ["begun", "heavy is read", "heavy.part is read", "10"]


def test_an_attribute_of_the_module_is_the_real_one(python):
    said = python("""
        import heavy
        print(heavy.limit)
        import sys
        print(sys.modules["heavy"].limit, type(sys.modules["heavy"]).__name__)
    """)
    assert said[-2:] == ["10", "10 module"]


def test_a_postponed_class_can_be_derived_from_and_asked_about(python):
    said = python("""
        from heavy import Shape
        class Square(Shape):
            pass
        print(isinstance(Square(), Shape), issubclass(Square, Shape), Square.side, Shape.side)
        print(Square.__mro__[1].__module__, isinstance(None, Shape | None), None | Shape)
    """)
    assert said[-2:] == ["True True 4 4", "heavy True None | heavy.Shape"]


@pytest.mark.parametrize("module", ["part", "apart"])
def test_a_module_of_a_postponed_package_is_read_after_the_package_and_once(python, module):
    said = python(f"""
        import heavy.{module} as module
        from heavy.{module} import *
        import heavy, sys
        print(module is sys.modules["heavy.{module}"], module is heavy.{module})
        print(module.__spec__.origin.endswith("{module}.py"))
    """)
    assert said == ["begun", "heavy is read", "heavy.part is read", "True True", "True"]


def test_what_is_not_installed_stays_missing(python):
    said = python("""
        for name in ("absent", "absent.part"):
            try:
                __import__(name)
            except ImportError as error:
                print(error)
    """)
    assert said[1:] == ["No module named 'absent'"] * 2


def test_what_is_imported_already_is_left_alone(python):
    said = python("""
        import json
        print(type(json.loads).__name__)
    """)
    assert said[-1] == "function"


def test_threads_that_need_it_at_once_all_get_it(python):
    said = python("""
        import threading
        from heavy import double
        results = []
        threads = [threading.Thread(target=lambda: results.append(double(2))) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(results)
    """)
    assert said[-1] == "[4, 4, 4, 4, 4, 4, 4, 4]"
    assert said.count("heavy is read") == 1
