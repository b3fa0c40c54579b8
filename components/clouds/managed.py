"""What is the same of data services that a cloud runs, whichever cloud it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import pulumi

from components.data.database_setup import Admin
from components.kubernetes.endpoints import AddressTarget, PostgresAddress, PostgresEndpoint
from components.secrets.password import generated_password
from config.data_services import SCALER_ROLE
from config.managed import ManagedPostgres

POSTGRES_PORT: Final = 5432
HTTPS_PORT: Final = 443

BROKEN_UPLOAD_DAYS: Final = 7
"""Days after which the parts of an upload that was never completed are deleted."""

_Account = TypeVar("_Account")
_Key = TypeVar("_Key")


@dataclass(frozen=True, kw_only=True)
class Keeping(Generic[_Account, _Key]):
    """How a stack's data is kept in its cloud."""

    account: _Account
    """Where."""
    key: _Key
    """What it is encrypted with."""
    protect: bool
    """Whether engine and cloud refuse to delete what holds data."""


def managed_postgres(
    name: str,
    settings: ManagedPostgres,
    admin_password: pulumi.Output[str],
    *,
    host: pulumi.Input[str],
    cidrs: Sequence[str],
    made: pulumi.Resource,
    mixed: bool = False,
) -> tuple[PostgresEndpoint, Admin]:
    """The endpoint, and who may set it up.

    The platform logs in as the database's owner, KEDA as a role that only reads, both over TLS. `cidrs` are all
    addresses that the host can stand for, `mixed` is what `generated_password` is told.
    """
    owner, scaler = (
        generated_password(f"{name}-{role}-password", pulumi.ResourceOptions(parent=made), mixed=mixed)
        for role in ("owner", "scaler")
    )
    endpoint = PostgresEndpoint(
        direct=PostgresAddress(
            host=host,
            port=POSTGRES_PORT,
            ssl_mode="require",
            target=AddressTarget(cidrs=cidrs, port=POSTGRES_PORT),
        ),
        database=settings.database,
        user=settings.database,
        password=owner,
        scaler_user=SCALER_ROLE,
        scaler_password=scaler,
        made=made,
    )
    return endpoint, Admin(user=settings.admin_role, password=admin_password, image=settings.setup_image)
