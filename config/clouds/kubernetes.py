"""Stacks without a cloud: the Kubernetes cluster is all there is, and data services are in it or somebody else's."""

from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Tag

from config.data_services import (
    ClusterPostgres,
    ClusterRedis,
    ClusterStorage,
    ExternalPostgres,
    ExternalRedis,
    ExternalStorage,
    mode_of,
)
from config.sections import StackSettings

_Postgres = Annotated[
    Annotated[ClusterPostgres, Tag("cluster")] | Annotated[ExternalPostgres, Tag("external")], Discriminator(mode_of)
]
_Redis = Annotated[
    Annotated[ClusterRedis, Tag("cluster")] | Annotated[ExternalRedis, Tag("external")], Discriminator(mode_of)
]
_Storage = Annotated[
    Annotated[ClusterStorage, Tag("cluster")] | Annotated[ExternalStorage, Tag("external")], Discriminator(mode_of)
]


def _none(statements: object) -> tuple[()]:
    if statements != []:
        raise ValueError("gives rights in a cloud, and there is none; give them to the role that annotations name")
    return ()


_Statements = Annotated[tuple[()], BeforeValidator(_none)]


class KubernetesStack(StackSettings[_Postgres, _Redis, _Storage, _Statements]):
    """Everything plain that a stack file says. One field per top-level key, without the `noxus:` prefix."""
