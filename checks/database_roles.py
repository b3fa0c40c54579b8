"""Whether owner, counter and administrator of the database are three roles, with names that Postgres gives away."""

from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.data_services import ExternalPostgres
from config.managed import ManagedPostgres

_OF_POSTGRES: Final = frozenset({"none", "postgres", "public", "template0", "template1"})
"""Databases and the superuser of every server, and words that stand for no role or for all."""


def database_roles_are_apart(settings: StackSettings) -> Iterator[Finding]:
    """Refuse names by which the set-up Job would change a role or a database that is not the stack's."""
    postgres, scaler = settings.postgres, settings.scaler_role
    if postgres.admin_role is None:
        return
    admin = {postgres.admin_role: "the administrator's role"}
    reserved = dict.fromkeys(_OF_POSTGRES, "Postgres' own")
    if isinstance(postgres, ManagedPostgres):
        reserved |= dict.fromkeys(postgres.RESERVED_ROLES, f"a role of {postgres.SERVICE} itself")
    roles = {scaler: "KEDA's role, which only reads", **admin}
    names = {"postgres.database": (postgres.database, roles), "postgres.scalerUser": (scaler, admin)}
    if isinstance(postgres, ExternalPostgres) and postgres.user:
        names |= {"postgres.database": (postgres.database, {}), "postgres.user": (postgres.user, roles)}
    for path, (name, others) in names.items():
        # CREATE ROLE refuses whatever begins with `pg_`.
        whose = (reserved | others).get(name, "Postgres' own" if name.startswith("pg_") else None)
        if whose:
            yield error(path, f"{name!r} is {whose}; choose another name")
