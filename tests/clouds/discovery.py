"""Google's discovery documents, as google-api-python-client ships them, and how a value is checked against one schema.

A document says of each field its type, its format, its values and whether it is read-only. What is required, and many
a limit, it says in the sentence that describes the field: `Quoted` is our reading of such a sentence, and it fails when
the document no longer holds it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from googleapiclient import discovery_cache

from tests.clouds.values import is_number, is_unknown, is_whole, short

DOCUMENTS: Final = Path(discovery_cache.__file__).parent / "documents"

Schema = Mapping[str, Any]
"""One schema of a document, or one property of a schema."""


@dataclass(frozen=True)
class Quoted:
    """A limit that the document only words: the words, and what they mean."""

    words: str
    """Part of the field's description."""
    pattern: str = ""
    """What the whole text must match."""
    between: tuple[int, int] | None = None
    """Smallest and largest number. Of a duration, in seconds."""
    bytes: int | None = None
    """Most bytes of the text."""

    def problems(self, description: str, value: Any) -> Iterator[str]:
        """What is wrong with a value, or with this reading of the document."""
        if self.words not in description:
            yield f"the document no longer says {self.words!r}"
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            yield f"{short(value)} does not match {self.pattern} ({self.words!r})"
        if self.between and not self.between[0] <= float(str(value).removesuffix("s")) <= self.between[1]:
            yield f"{short(value)} is not between {self.between[0]} and {self.between[1]} ({self.words!r})"
        if self.bytes is not None and len(str(value).encode()) > self.bytes:
            yield f"{len(str(value).encode())} bytes are more than {self.bytes} ({self.words!r})"


@cache
def document(name: str) -> Mapping[str, Any]:
    """A document by its file's name, such as `sqladmin.v1`."""
    return json.loads((DOCUMENTS / f"{name}.json").read_text())


@cache
def is_service(host: str) -> bool:
    """Whether some document is of the API at this host, such as `redis.googleapis.com`."""
    files = DOCUMENTS.glob(f"{host.partition('.')[0]}.*.json")
    return any(document(file.stem)["rootUrl"] == f"https://{host}/" for file in files)


def schema(name: str, id_: str) -> Schema:
    """A schema of a document by its id."""
    return document(name)["schemas"][id_]


def parameter(name: str, method: str, parameter_: str) -> Schema:
    """A parameter of a method such as `projects.secrets.create`."""
    *resources, last = method.split(".")
    place = document(name)
    for part in resources:
        place = place["resources"][part]
    return place["methods"][last]["parameters"][parameter_]


def resolved(name: str, schema_: Schema) -> Schema:
    """A schema with what it refers to, and the description of the place that refers."""
    return {**schema(name, schema_["$ref"]), **schema_} if "$ref" in schema_ else schema_


def is_read_only(schema_: Schema) -> bool:
    """Whether only the service writes this field."""
    return bool(schema_.get("readOnly")) or bool(re.match(r"(Optional\. )?Output only", schema_.get("description", "")))


def is_required(schema_: Schema, method: str) -> bool:
    """Whether a request of the method, such as `storage.buckets.insert`, must hold this field."""
    named: Sequence[str] = schema_.get("annotations", {}).get("required", ())
    return method in named or schema_.get("description", "").startswith("Required.")


def scalar_problems(schema_: Schema, value: Any) -> Iterator[str]:
    """What is wrong with a value of a field that is neither an object nor a list."""
    if is_unknown(value):
        return
    kind, form = schema_.get("type", "any"), schema_.get("format", "")
    if not _TYPES[kind](value) and not (form in {"int64", "uint64"} and is_whole(value)):
        yield f"{short(value)} is no {kind}"
        return
    if "enum" in schema_ and value not in schema_["enum"]:
        yield f"{short(value)} is none of {', '.join(schema_['enum'])}"
    elif "enum" in schema_ and str(value).endswith("_UNSPECIFIED"):
        yield f"{value} means that nothing is said"
    if "pattern" in schema_ and not re.fullmatch(schema_["pattern"], value):
        yield f"{short(value)} does not match {schema_['pattern']}"
    if form in _FORMATS and not _FORMATS[form](value):
        yield f"{short(value)} is no {form}"


_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": is_whole,
    "number": is_number,
    "any": lambda _: True,
}


def _within(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: re.fullmatch(r"-?\d+", str(value)) is not None and low <= int(value) <= high


def _reads(read: Callable[[str], object]) -> Callable[[Any], bool]:
    def is_read(value: Any) -> bool:
        try:
            read(value)
        except ValueError:
            return False
        return True

    return is_read


_FORMATS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "int32": _within(-(2**31), 2**31 - 1),
    "uint32": _within(0, 2**32 - 1),
    "int64": _within(-(2**63), 2**63 - 1),
    "uint64": _within(0, 2**64 - 1),
    "google-duration": lambda value: re.fullmatch(r"\d+(\.\d{1,9})?s", value) is not None,
    "google-datetime": _reads(datetime.fromisoformat),
    "date-time": _reads(datetime.fromisoformat),
    "date": _reads(date.fromisoformat),
}
"""What a format demands. `byte` is not here: the provider encodes what the program gives it."""
