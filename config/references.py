"""References: how a plain setting names a value that only the deployment or the whole stack knows: `${bucket.name}`.

The platform reads the bucket's name, the backend's address and the like from variables whose names nobody has
published. So the stack file chooses the name and refers to the value: `env: { MY_BUCKET: "${bucket.name}" }`. What is
meant as it stands has one more sign: `$${name}` arrives as `${name}`.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator

from config.errors import nearest
from config.types import Text, as_text

SECRET_REFERENCES: Final = frozenset(
    f"{service}.{part}" for service in ("postgres", "redis") for part in ("password", "url", "userinfo")
)
"""Those that hold a password: as it is, in a whole address, and as the percent-encoded `user:password` of one."""

REFERENCES: Final = SECRET_REFERENCES | frozenset(
    {
        "backend.publicUrl",
        "backend.url",
        "bucket.endpoint",
        "bucket.name",
        "bucket.region",
        "frontend.publicUrl",
        "frontend.url",
        "postgres.caFile",
        "postgres.database",
        "postgres.host",
        "postgres.port",
        "postgres.sslMode",
        "postgres.user",
        "redis.caFile",
        "redis.host",
        "redis.port",
        "redis.scheme",
        "redis.tls",
        "relays.publicUrl",
        "relays.url",
        "tasks.visibilityTimeoutSeconds",
    }
)
"""Every value that can be referred to."""

_REFERENCE: Final = re.compile(r"(?<!\$)\$\{([^}]*)\}")


def split(text: str) -> list[str]:
    """Split into literal, reference, literal, ...: even positions are text, odd ones are names from `REFERENCES`.

    `$${` is a literal `${`.
    """
    parts = _REFERENCE.split(text)
    return [part if position % 2 else part.replace("$${", "${") for position, part in enumerate(parts)]


def referred(text: str) -> frozenset[str]:
    """Names that a text refers to."""
    return frozenset(split(text)[1::2])


def _all_known(text: str) -> str:
    for name in split(text)[1::2]:
        if name not in REFERENCES:
            meant = f"$${{{name}}} is the text itself; {nearest(name, REFERENCES)}"
            raise ValueError(f"refers to ${{{name}}}, which does not exist; {meant}")
    return text


EnvValue = Annotated[
    Text, BeforeValidator(as_text, json_schema_input_type=str | int | float), AfterValidator(_all_known)
]
"""The value of a plain environment variable; numbers are taken as their text."""
