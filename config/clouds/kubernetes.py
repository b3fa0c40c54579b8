"""Stacks without a cloud: the Kubernetes cluster is all there is, and data services are in it or somebody else's."""

from typing import Annotated

from pydantic import BeforeValidator

from config.data_services import (
    ClusterPostgres,
    ClusterRedis,
    ClusterStorage,
    ExternalPostgres,
    ExternalRedis,
    ExternalStorage,
    OwnOrExternal,
)
from config.sections import StackSettings

_Postgres = OwnOrExternal[ClusterPostgres, ExternalPostgres]
_Redis = OwnOrExternal[ClusterRedis, ExternalRedis]
_Storage = OwnOrExternal[ClusterStorage, ExternalStorage]


def _none(statements: object) -> tuple[()]:
    if statements != []:
        raise ValueError("gives rights in a cloud, and there is none; give them to the role that annotations name")
    return ()


_Statements = Annotated[tuple[()], BeforeValidator(_none)]


class KubernetesStack(StackSettings[_Postgres, _Redis, _Storage, _Statements]):
    """Everything plain that a stack file says. One field per top-level key, without the `noxus:` prefix."""
