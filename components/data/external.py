"""Data services that somebody else runs: nothing is made, and the stack file says where they are and how to log in."""

from collections.abc import Mapping

import pulumi

from components.data.database_setup import Admin
from components.kubernetes.endpoints import (
    AddressTarget,
    BucketEndpoint,
    PostgresAddress,
    PostgresEndpoint,
    RedisEndpoint,
)
from config.data_services import ExternalPostgres, ExternalRedis, ExternalStorage

Secrets = Mapping[str, pulumi.Output[str]]
"""Values by secret config key."""


def external_postgres(settings: ExternalPostgres, secrets: Secrets) -> PostgresEndpoint:
    """The one Postgres."""
    return PostgresEndpoint(
        direct=PostgresAddress(
            host=settings.host,
            port=settings.port,
            ssl_mode=settings.ssl_mode,
            target=AddressTarget(cidrs=settings.cidrs, port=settings.port),
        ),
        database=settings.database,
        user=settings.database,
        password=secrets[settings.password],
        scaler_user=settings.scaler_user,
        scaler_password=secrets[settings.scaler_password],
    )


def external_admin(settings: ExternalPostgres, secrets: Secrets) -> Admin | None:
    """Who sets the database up; nobody if it is set up already."""
    admin = settings.admin
    return admin and Admin(user=admin.user, password=secrets[admin.password], image=admin.image)


def external_redis(settings: ExternalRedis, secrets: Secrets) -> RedisEndpoint:
    """The one Redis."""
    return RedisEndpoint(
        host=settings.host,
        access=settings.access,
        user=settings.user,
        ca=pulumi.Output.from_input(settings.ca) if settings.ca else None,
        password=secrets[settings.password],
        target=AddressTarget(cidrs=settings.cidrs, port=settings.port),
    )


def external_bucket(settings: ExternalStorage, secrets: Secrets) -> BucketEndpoint:
    """The one bucket."""
    return BucketEndpoint(
        name=settings.bucket,
        url=settings.url,
        region=settings.region,
        access_key_id=secrets[settings.access_key_id] if settings.access_key_id else None,
        secret_access_key=secrets[settings.secret_access_key] if settings.secret_access_key else None,
        target=AddressTarget(cidrs=settings.cidrs, port=settings.port),
    )
