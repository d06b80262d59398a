"""An example of everything that is said or kept: made by reflection, always the same."""

import importlib
import pkgutil
from collections.abc import Iterator

import msgspec

import nbh_proto
from nbh_proto import Answer, Command, Event, Message, Question, Reply, Value

KINDS = (Message, Event, Command, Answer, Question, Reply, Value)
AT = "2026-01-02T03:04:05Z"


def every_message() -> list[type[Message]]:
    """All types of messages, by name."""
    return _leaves(Message)


def every_type() -> list[type[Message] | type[Reply] | type[Value]]:
    """All types that cross: messages, replies to questions, values of buckets; by name."""
    types: list[type[Message] | type[Reply] | type[Value]] = [
        *_leaves(Message),
        *_leaves(Reply),
        *_leaves(Value),
    ]
    return sorted(types, key=lambda t: t.__name__)


def least(type_: type[msgspec.Struct]) -> dict[str, object]:
    """One with what must be said, and nothing else."""
    return _head(type_) | {f.name: _plain(f) for f in _fields(type_) if f.required}


def most(type_: type[msgspec.Struct]) -> dict[str, object]:
    """One with every field filled, with what is in them."""
    given = {f.name: _filled(f.name, f.type) for f in _fields(type_) if f.name != "v"}
    return given | _head(type_)


def _leaves(base: type) -> list[type]:
    for module in pkgutil.iter_modules(nbh_proto.__path__):  # so that all are born
        importlib.import_module(f"nbh_proto.{module.name}")
    found, waiting = [], [base]
    while waiting:
        type_ = waiting.pop()
        waiting += type_.__subclasses__()
        if type_ not in KINDS and type_.__module__.startswith("nbh_proto"):
            found.append(type_)
    return sorted(found, key=lambda t: t.__name__)


def _fields(type_: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(type_)


def _head(type_: type[msgspec.Struct]) -> dict[str, object]:
    return {"id": "0" * 32, "at": AT} if issubclass(type_, Message) else {}


def _plain(field: msgspec.structs.FieldInfo) -> object:
    if field.name == "data":
        return "aGVsbG8="
    match msgspec.inspect.type_info(field.type):
        case msgspec.inspect.IntType():
            return 7
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.FloatType():
            return 0.5
        case msgspec.inspect.VarTupleType():
            return []
        case msgspec.inspect.DictType():
            return {}
        case msgspec.inspect.StructType(cls=cls):
            return {f.name: _plain(f) for f in msgspec.structs.fields(cls) if f.required}
        case msgspec.inspect.DateTimeType():
            return AT
        case msgspec.inspect.LiteralType(values=values):
            return sorted(values)[0]
        case _:
            return f"some.{field.name}" if field.name in ("course", "student") else field.name


def _filled(name: str, type_: object) -> object:
    return _of(name, msgspec.inspect.type_info(type_))


def _of(name: str, info: msgspec.inspect.Type) -> object:
    match info:
        case msgspec.inspect.IntType():
            return 7
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.FloatType():
            return 0.5
        case msgspec.inspect.BytesType():
            return "aGVsbG8="
        case (
            msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item)
        ):
            return [_of(name, item)]
        case msgspec.inspect.TupleType(item_types=items):
            return [_of(name, item) for item in items]
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return {str(_of("key", key)): _of(name, value)}
        case msgspec.inspect.StructType(cls=cls):
            return {f.name: _filled(f.name, f.type) for f in msgspec.structs.fields(cls)}
        case msgspec.inspect.DateTimeType():
            return AT
        case msgspec.inspect.LiteralType(values=values):
            return sorted(values)[-1]
        case msgspec.inspect.UnionType(types=types):
            return _of(name, next(iter(_worth(types))))
        case msgspec.inspect.AnyType() | msgspec.inspect.CustomType():
            return {"of any kind": 7}
        case msgspec.inspect.StrType():
            return f"some.{name}" if name in ("course", "student") else name
    raise NotImplementedError(f"{name}: {info}")


def _worth(types: tuple[msgspec.inspect.Type, ...]) -> Iterator[msgspec.inspect.Type]:
    """The members of a union that say something."""
    nothing = (msgspec.inspect.NoneType,)
    # UNSET is no type of a union's: a field that may be unset has it as its default
    yield from (t for t in types if not isinstance(t, nothing))
