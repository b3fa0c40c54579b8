"""Addresses of Postgres and Redis as clients take them, and the parts that they are made of.

What the platform reads under which name is not published, so a stack file refers to these in `env`. Whatever is part of
an address is percent-encoded (RFC 3986); what stands for itself is not.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import pulumi

from components.kubernetes.endpoints import PostgresAddress, PostgresEndpoint, RedisEndpoint

Values = dict[str, pulumi.Input[str]]
"""Values by reference."""


def userinfo(user: str | None, password: pulumi.Output[str]) -> pulumi.Output[str]:
    """User and password in front of a host."""
    name = quote(user or "", safe="")
    return pulumi.Output.secret(password).apply(lambda text: f"{name}:{quote(text, safe='')}")


def postgres_references(postgres: PostgresEndpoint, address: PostgresAddress) -> Values:
    """Every `postgres.` reference, for pods that come on this way. The whole address is one of libpq's."""
    password, database = postgres.password_on(address), quote(postgres.database, safe="")
    login = userinfo(postgres.user, password)
    tls, end = postgres.tls(address), f":{address.port}/{database}"
    return {
        "postgres.database": postgres.database,
        "postgres.host": address.host,
        "postgres.password": password,
        "postgres.port": str(address.port),
        "postgres.sslMode": address.ssl_mode,
        "postgres.url": pulumi.Output.concat("postgresql://", login, "@", address.host, end, "?", _options(tls)),
        "postgres.user": postgres.user,
        "postgres.userinfo": login,
        **({"postgres.caFile": postgres.ca_file} if postgres.ca_file else {}),
    }


def redis_references(redis: RedisEndpoint) -> Values:
    """Every `redis.` reference. The whole address is of database 0.

    Celery refuses a `rediss://` that does not say `ssl_cert_reqs`, and redis-py knows `required` but not
    `CERT_REQUIRED` (celery/backends/redis.py, kombu/utils/url.py, redis/connection.py).
    """
    access, login = redis.access, userinfo(redis.user, redis.password)
    tls = {"ssl_cert_reqs": "required", **({"ssl_ca_certs": access.ca_file} if access.ca_file else {})}
    end = f":{access.port}/0{f'?{_options(tls)}' if access.tls else ''}"
    return {
        "redis.host": redis.host,
        "redis.password": redis.password,
        "redis.port": str(access.port),
        "redis.scheme": access.scheme,
        "redis.tls": str(access.tls).lower(),
        "redis.url": pulumi.Output.concat(access.scheme, "://", login, "@", redis.host, end),
        "redis.userinfo": login,
        **({"redis.caFile": access.ca_file} if access.ca_file else {}),
    }


def _options(options: Mapping[str, str]) -> str:
    return urlencode(options, safe="/", quote_via=quote)
