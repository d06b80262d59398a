"""Modules that are read when they are first used, not when they are imported.

`importlib.util.LazyLoader` does this for `import module`, but not for `from module import name`,
which is what most libraries write. Here the name stands for the real one: both are postponed.
"""

import importlib
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_taking_its_place = threading.Lock()


def postpone(modules: Mapping[str, tuple[str, ...]]) -> None:
    """Have these modules read when one of the names, or anything else in them, is used.

    What is imported already, or not installed, is left as it is.
    """
    sys.meta_path.insert(0, _RealParents())
    for name, names in modules.items():
        spec = _found_without_importing(name)
        if spec is not None and name not in sys.modules:
            sys.modules[name] = PostponedModule(spec, names)


def _found_without_importing(name: str) -> ModuleSpec | None:
    """`importlib.util.find_spec` imports the parents; this does not."""
    parent, _, _ = name.rpartition(".")
    if not parent:
        return PathFinder.find_spec(name)
    package = _found_without_importing(parent)
    return PathFinder.find_spec(name, package.submodule_search_locations) if package else None


class PostponedModule(ModuleType):
    """Stands in `sys.modules` for a module until something in it is used."""

    def __init__(self, spec: ModuleSpec, names: tuple[str, ...]) -> None:
        super().__init__(spec.name)
        self.__spec__ = spec
        if spec.submodule_search_locations is not None:
            self.__path__ = spec.submodule_search_locations
        for each in names:
            setattr(self, each, PostponedName(self, each))

    def real(self) -> ModuleType:
        """The module itself, read now if it has not been."""
        with _taking_its_place:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
        return importlib.import_module(self.__name__)

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # how `import` asks whether it is a package
            raise AttributeError(name)
        return getattr(self.real(), name)


class PostponedName:
    """Stands for a function or a class of a postponed module.

    It can be called, derived from, asked with `isinstance`, named in a union and looked into.
    """

    def __init__(self, module: PostponedModule, name: str) -> None:
        self.__module, self.__name = module, name

    def __real(self) -> Any:
        return getattr(self.__module.real(), self.__name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__real()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__real(), name)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self.__real(),)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.__real())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self.__real())

    def __or__(self, other: Any) -> Any:
        return self.__real() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.__real()


class _RealParents(MetaPathFinder):
    """Reads a postponed package before a module of it is imported, as `import` would have."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parent = sys.modules.get(fullname.rpartition(".")[0])
        if not isinstance(parent, PostponedModule):
            return None
        parent.real()
        read = sys.modules.get(fullname)  # most packages import their own modules
        return None if read is None else _AlreadyRead.spec_for(read)


class _AlreadyRead(Loader):
    """Keeps `import` from running a module a second time."""

    def __init__(self, spec: ModuleSpec | None) -> None:
        self._spec = spec

    @classmethod
    def spec_for(cls, module: ModuleType) -> ModuleSpec:
        # `import` takes the spec of a module that came while it was looking for it
        module.__spec__ = ModuleSpec(module.__name__, cls(module.__spec__))
        return module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec
