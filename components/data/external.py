"""Data services that somebody else runs: nothing is made, and the stack file says where they are and how to log in."""

from collections.abc import Mapping

import pulumi

from components.data.database_setup import Admin
from components.kubernetes.endpoints import (
    AddressTarget,
    BucketEndpoint,
    PodTarget,
    PostgresAddress,
    PostgresEndpoint,
    RedisEndpoint,
    Target,
)
from components.kubernetes.namespace_ref import NamespaceRef
from config.data_services import DirectPostgres, ExternalPostgres, ExternalRedis, ExternalStorage
from config.network import Located

Secrets = Mapping[str, pulumi.Output[str]]
"""Values by secret config key."""


def external_postgres(settings: ExternalPostgres, secrets: Secrets) -> PostgresEndpoint:
    """The one Postgres."""
    given, direct = _address(settings, settings.ssl_mode), settings.direct
    return PostgresEndpoint(
        direct=_address(direct, direct.ssl_mode or settings.ssl_mode) if direct else given,
        pooler=given if direct else None,
        database=settings.database,
        user=settings.owner,
        password=secrets[settings.password],
        scaler_user=settings.scaler_user,
        scaler_password=secrets[settings.scaler_password],
        scaler_ssl_mode=settings.keda_ssl_mode,
        ca=pulumi.Output.from_input(settings.ca) if settings.ca else None,
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
        target=_target(settings, settings.port),
    )


def external_bucket(settings: ExternalStorage, secrets: Secrets) -> BucketEndpoint:
    """The one bucket."""
    return BucketEndpoint(
        name=settings.bucket,
        url=settings.url,
        region=settings.region,
        access_key_id=secrets[settings.access_key_id] if settings.access_key_id else None,
        secret_access_key=secrets[settings.secret_access_key] if settings.secret_access_key else None,
        target=_target(settings, settings.port),
    )


def _address(place: ExternalPostgres | DirectPostgres, ssl_mode: str) -> PostgresAddress:
    return PostgresAddress(host=place.host, port=place.port, ssl_mode=ssl_mode, target=_target(place, place.port))


def _target(place: Located, port: int) -> Target:
    """Where it is on the network. A namespace that others own is there already."""
    if place.namespace is None:
        return AddressTarget(cidrs=place.cidrs, port=port)
    namespace = NamespaceRef(name=place.namespace, created=pulumi.Output.from_input(place.namespace))
    return PodTarget(namespace=namespace, pod_labels=place.pod_labels, port=place.pod_port or port, ours=False)
