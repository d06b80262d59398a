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
    return _head(type_) | {f.name: _filled(f, least=True) for f in _fields(type_) if f.required}


def most(type_: type[msgspec.Struct]) -> dict[str, object]:
    """One with every field filled, with what is in them."""
    given = {f.name: _filled(f, least=False) for f in _fields(type_) if f.name != "v"}
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


def _of(name: str, type_: msgspec.inspect.Type, *, least: bool) -> object:
    """A value of a type: with as little as there can be, or with everything."""
    match type_:
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
            return [] if least else [_of(name, item, least=least)]
        case msgspec.inspect.TupleType(item_types=items):
            return [_of(name, item, least=least) for item in items]
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            if least:
                return {}
            return {str(_of("key", key, least=least)): _of(name, value, least=least)}
        case msgspec.inspect.StructType(cls=cls):
            fields = (f for f in _fields(cls) if f.required or not least)
            return {f.name: _filled(f, least=least) for f in fields}
        case msgspec.inspect.DateTimeType():
            return AT
        case msgspec.inspect.LiteralType(values=values):
            return sorted(values)[0 if least else -1]
        case msgspec.inspect.UnionType(types=types):
            return _of(name, next(iter(_worth(types))), least=least)
        case msgspec.inspect.AnyType() | msgspec.inspect.CustomType():
            return {"of any kind": 7}
        case msgspec.inspect.StrType():
            return f"some.{name}" if name in ("course", "student") else name
        case _:
            raise TypeError(f"{name}: there is no example of {type_}")


def _filled(field: msgspec.structs.FieldInfo, *, least: bool) -> object:
    return _of(field.name, msgspec.inspect.type_info(field.type), least=least)


def _worth(types: tuple[msgspec.inspect.Type, ...]) -> Iterator[msgspec.inspect.Type]:
    """The members of a union that say something."""
    nothing = (msgspec.inspect.NoneType,)
    # UNSET is no type of a union's: a field that may be unset has it as its default
    yield from (t for t in types if not isinstance(t, nothing))
