"""Property maps as the engine sends them, and as plain Python data.

On the wire a secret is a structure with a signature around its value, an unknown is a constant string, and every number
is a float. Here a property map is plain data plus the paths of its secrets; unknowns stay that constant.
Assets, resource references and output values are left out: a provider that does not ask for them never gets them.
"""

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct, Value

Path = tuple[str | int, ...]
Secrets = frozenset[Path]

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_MARK: Final = "1b47061264138c4ac30d75fd1eb44270"


def decode(struct: Struct) -> tuple[dict[str, Any], Secrets]:
    """Plain data and the paths of the secrets in it. Nulls are dropped, as official providers do."""
    secrets: set[Path] = set()

    def plain(value: Value, path: Path) -> Any:
        kind = value.WhichOneof("kind")
        if kind == "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _MARK:
                secrets.add(path)
                return plain(fields["value"], path)
            items = ((key, plain(item, (*path, key))) for key, item in fields.items())
            return {key: item for key, item in items if item is not None}
        if kind == "list_value":
            return [plain(item, (*path, index)) for index, item in enumerate(value.list_value.values)]
        scalar = getattr(value, kind) if kind and kind != "null_value" else None
        return int(scalar) if isinstance(scalar, float) and scalar.is_integer() else scalar

    return plain(Value(struct_value=struct), ()), frozenset(secrets)


def encode(properties: dict[str, Any], secrets: Iterable[Path] = ()) -> Struct:
    """The wire form of `properties`, with what lies at `secrets` marked. Paths that lead nowhere are ignored."""
    marked = set(secrets)

    def wire(value: Any, path: Path) -> Any:
        if path in marked:
            return {_SIGNATURE: _MARK, "value": value}
        if isinstance(value, dict):
            return {key: wire(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [wire(item, (*path, index)) for index, item in enumerate(value)]
        return value

    struct = Struct()
    struct.update(wire(properties, ()))
    return struct
