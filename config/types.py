"""Value types: a rule and the sentence that explains it, in one place.

Each type's message says what is allowed and shows one that would pass, so that the loader only has to add the path and
the value that was found. Numbers with a plain range use pydantic's own bounds instead.
"""

import re
from collections import Counter
from contextlib import suppress
from ipaddress import ip_network
from typing import Annotated, Final, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from config.images import mirrored

LABEL_LIMIT: Final = 63
"""Longest DNS label, in characters (RFC 1123); the limit of most Kubernetes names."""

HOST_LIMIT: Final = 253
"""Longest host name, in characters (RFC 1035)."""

_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_MARK: Final = rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
"""Name of an annotation or a label."""
_IMAGE: Final = r"[a-z0-9]([-._/:a-z0-9]*[a-z0-9])?(:[A-Za-z0-9_][-.A-Za-z0-9_]{0,127})?(@sha256:[0-9a-f]{64})?"
_REGISTRY: Final = r"[a-z0-9][-a-z0-9]*([.:][a-z0-9][-a-z0-9]*)+(/[a-z0-9]+([-._]+[a-z0-9]+)*)*"
_CIDR: Final = re.compile(r"[0-9a-fA-F.:]+/(0|[1-9][0-9]{0,2})")
_GO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} (UTC|[-+A-Z]\S+)", re.ASCII)
_PERCENT: Final = re.compile(r"(100|[1-9]?[0-9])%")
_IDS: Final = "must be ids separated by commas, or a YAML list of ids, such as tenant-abc,tenant-xyz"
_PATH_LIMIT: Final = 1000
"""Characters. Contents in one line of Base64 are longer than any path that is meant."""
_SHARE: Final = "a whole number of pods from 0, such as 1, or a share such as 25%"


def _matching(pattern: str, limit: int, rule: str, *, or_empty: bool = False) -> AfterValidator:
    """What all of a text matches, and how long it may be."""
    allowed = re.compile(pattern)

    def check(value: str) -> str:
        if not (or_empty and not value) and (not allowed.fullmatch(value) or len(value) > limit):
            raise ValueError(rule)
        return value

    return AfterValidator(check)


def as_text(value: object) -> object:
    """YAML reads `cpu: 1` as a number; Kubernetes means the quantity "1"."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _tagged(value: str) -> str:
    if "@sha256:" not in value and ":" not in value.rpartition("/")[2]:
        raise ValueError("must name a tag or a digest, such as registry.example.com/noxus/backend:2026.11.0")
    if value.endswith(":latest"):
        raise ValueError("must not be :latest, which changes under a running release; name a version or a digest")
    return value


def _pulled(value: str, info: ValidationInfo) -> str:
    """As the pods pull it: the loader hands over `images.registry`, if there is one."""
    return mirrored(value, info.context) if isinstance(info.context, str) else value


def _ids(value: object) -> object:
    """Accept the seed's comma-separated string as well as a YAML list, and ids that are numbers."""
    match as_id(value):
        case str() as text:
            return tuple(part.strip() for part in text.split(",")) if text.strip() else ()
        case list():
            return tuple(map(as_id, cast("list[object]", value)))
        case _:
            raise ValueError(_IDS)


def as_id(value: object) -> object:
    """An id that is a whole number as text. What YAML reads as another number than is written, the loader refuses."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _undated(value: str) -> str:
    """YAML takes an unquoted date for a point in time, and the engine hands on how Go prints it."""
    if _GO_TIME.fullmatch(value):
        raise ValueError(f'is a date to YAML and not text; write it in quotes, such as "{value[:10]}"')
    return value


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value or "," in value or "\0" in value or value != value.strip():
            raise ValueError(_IDS)
    repeated = sorted(value for value, times in Counter(values).items() if times > 1)
    if repeated:
        raise ValueError(f"must name each id once; {', '.join(repeated)} is repeated")
    return values


def _share(value: int | str) -> int | str:
    if isinstance(value, int) and value < 0:
        raise ValueError(f"must be {_SHARE}")
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        raise ValueError(f"must be {_SHARE}")
    return value


Label = Annotated[
    str,
    _matching(
        _LABEL, LABEL_LIMIT, "must be lower-case letters, digits and '-', at most 63 characters, such as noxus-acme"
    ),
]
"""A DNS label: the form of namespace, release and pool names."""

_OBJECT_NAME: Final = "must be a Kubernetes object name: lower-case letters, digits, '-' and '.'"

ObjectName = Annotated[str, _matching(_SUBDOMAIN, 253, _OBJECT_NAME)]
"""The name of a Kubernetes object whose kind allows dots, such as a Secret."""

OptionalObjectName = Annotated[str, _matching(_SUBDOMAIN, 253, _OBJECT_NAME, or_empty=True)]
"""An object name, or "" for none: the form of the seed's `envSecretRef`."""

ConfigMapKey = Annotated[
    str, _matching(r"[-._a-zA-Z0-9]+", 253, "must be a key of a ConfigMap or Secret, such as ca.crt")
]

MountPath = Annotated[
    str,
    _matching(
        r"(?!/etc/noxus(/|$))(?!.*//)(/(?!\.\.?(/|$))[^:/\s]+)+",
        1000,
        "must be the path of a folder that is not below /etc/noxus, such as /etc/company",
    ),
]
"""Where files are mounted in a container."""

EnvName = Annotated[
    str,
    _matching(
        r"[A-Za-z_][A-Za-z0-9_]*",
        253,
        "must be an environment variable name: letters, digits and '_', such as LOG_LEVEL",
    ),
]

HostName = Annotated[
    str, _matching(_SUBDOMAIN, HOST_LIMIT, "must be a host name in lower-case letters, such as app.example.com")
]

ServerName = Annotated[
    str,
    _matching(
        _SUBDOMAIN,
        HOST_LIMIT,
        "must be a host name in lower-case letters, such as db.example.com, or an IPv4 address; an IPv6 address "
        "cannot stand before a port in the platform's addresses: give it a name in DNS",
    ),
]
"""Where a server is that this stack does not run."""

AnnotationName = Annotated[
    str, _matching(_MARK, 316, "must be an annotation's name, such as nginx.ingress.kubernetes.io/proxy-body-size")
]


def _cidr(value: str) -> str:
    """Take what the API server takes: Python would also take one address, a netmask, and a zone of IPv6."""
    network = None
    with suppress(ValueError):
        network = ip_network(value) if _CIDR.fullmatch(value) else None
    if network is None:
        raise ValueError(
            "must be addresses in CIDR form without host bits, such as 10.20.0.0/16; one address is 10.20.0.5/32"
        )
    return value


Cidr = Annotated[str, AfterValidator(_cidr)]
"""A block of IPv4 or IPv6 addresses."""


def _path(value: object) -> object:
    """Refuse the contents of a file, which hold a login: they are never shown, as other wrong values are."""
    text = value if isinstance(value, str) else ""
    if isinstance(value, dict) or "{" in text or "\n" in text or len(text) > _PATH_LIMIT:
        raise PydanticCustomError(
            "not_shown",
            "must be the path of a file, and this looks like its contents, which a stack file keeps in plain text; "
            "remove them and replace the login in them, then write a path such as ~/.kube/config, or unset this and "
            "set KUBECONFIG to the path",
        )
    return value


FilePath = Annotated[str, BeforeValidator(_path)]
"""Path of a file on the machine that the program runs on; `~/` is the home folder."""

Fingerprint = Annotated[
    str, _matching(r"sha256:[0-9a-f]{32}", 39, "must be sha256: and 32 hexadecimal digits, as it is printed")
]
"""Tells one cluster from another (`config/kubeconfig.py`)."""

StoreUrl = Annotated[str, _matching(r"https://[^\s/]+", 253, "must be an https:// address without a path")]
"""Address of a secret store."""

BucketUrl = Annotated[str, _matching(r"https?://[^\s/]+", 253, "must be an https:// or http:// address without a path")]
"""Address of an S3 interface."""

ConfigKey = Annotated[
    str, _matching(r"[A-Za-z][A-Za-z0-9_-]*", 100, "must be the name of a secret config key, such as openaiApiKey")
]
"""A flat, encrypted key of the stack file, written without its `noxus:` prefix."""

ImageReference = Annotated[
    str,
    _matching(_IMAGE, 512, "must be an image reference, such as registry.example.com/noxus/backend:2026.11.0"),
    AfterValidator(_tagged),
    AfterValidator(_pulled),
]
"""An image with its tag or digest, as pods pull it: from the mirror where the stack has one."""

DefaultImage = Annotated[ImageReference, Field(validate_default=True)]
"""One that this program names where the stack file does not. The default is on the mirror too."""

Registry = Annotated[
    str,
    _matching(
        _REGISTRY,
        HOST_LIMIT,
        "must be a registry's host and port, and a path if need be, without https://, such as mirror.example.com "
        "or mirror.example.com:5000/hub",
    ),
]
"""Where images are pulled from. Without a dot or a port its first part would be a user of Docker Hub."""

GivenRoleName = Annotated[
    str, _matching(r"[ -9;<>-~]+", LABEL_LIMIT, "must be printable ASCII without ':' or '=', such as My Role")
]
"""A role or database of Postgres that somebody else has named. psql takes `=` and `://` for a connection string."""

Quantity = Annotated[
    str,
    BeforeValidator(as_text, json_schema_input_type=str | int | float),
    _matching(
        r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?",
        32,
        "must be a Kubernetes quantity, such as 500m, 2 or 4Gi",
    ),
]

Text = Annotated[str, AfterValidator(_undated)]
"""Text that something outside this program reads."""

LabelName = Annotated[str, _matching(_MARK, 316, "must be a label's name, such as topology.kubernetes.io/zone")]

LabelValue = Annotated[
    Text,
    _matching(
        r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?",
        LABEL_LIMIT,
        "must be a label's value: letters, digits, '-', '_' and '.', at most 63 characters",
        or_empty=True,
    ),
]

IdList = Annotated[
    tuple[Text, ...],
    BeforeValidator(_ids, json_schema_input_type=str | int | list[str | int]),
    AfterValidator(_each_once),
]
"""Tenant or workspace ids; empty means all of them."""

PodShare = Annotated[int | str, AfterValidator(_share)]
