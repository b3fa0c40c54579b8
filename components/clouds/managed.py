"""What is the same of a Postgres that a cloud runs, whichever cloud it is."""

from collections.abc import Sequence
from typing import Final

import pulumi

from components.kubernetes.endpoints import AddressTarget, PostgresAddress, PostgresEndpoint
from config.data_services import SCALER_ROLE
from config.managed import ManagedPostgres

POSTGRES_PORT: Final = 5432


def managed_postgres(
    settings: ManagedPostgres,
    *,
    host: pulumi.Input[str],
    cidrs: Sequence[str],
    owner: pulumi.Output[str],
    scaler: pulumi.Output[str],
    made: pulumi.Resource,
) -> PostgresEndpoint:
    """The endpoint: the platform logs in as the database's owner, KEDA as a role that only reads, both over TLS.

    `owner` and `scaler` are the passwords of the two, `cidrs` all addresses that the host can stand for.
    """
    return PostgresEndpoint(
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
