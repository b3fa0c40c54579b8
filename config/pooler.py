"""PgBouncer in front of Postgres: clients of many pods share few connections to the server."""

from typing import Annotated, Final

from pydantic import Field

from config.section import Section
from config.types import DefaultImage, ImageReference

POOLER_IMAGE: Final = "ghcr.io/cloudnative-pg/pgbouncer:1.25.2"
"""CloudNativePG's build of Debian's package; 1.25.2 has the fixes of the CVEs of May 2026 (PgBouncer's changelog)."""

POOLER_USER: Final = 998
"""User of the process in `POOLER_IMAGE`: its `pgbouncer`."""

ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")]
"""A run-time parameter of Postgres."""


class PoolerSettings(Section):
    """PgBouncer in transaction mode. The platform goes through it; migrations, set-up Jobs and KEDA go past it."""

    enabled: bool = False
    """Whether there is one. A transaction is all that a client keeps its session for: no advisory locks, no `SET`,
    no `LISTEN` beyond it."""
    image: DefaultImage = POOLER_IMAGE
    """PgBouncer 1.21 or later, with `sh`."""
    replica_count: int = Field(default=2, ge=2, le=10)
    """Pods. One at a time is replaced in a rollout, after its last transaction."""
    connections: int | None = Field(default=None, ge=1)
    """Connections to the server of one pod. Unset: what the server takes, without what goes past the pooler, divided by
    all pods and one more."""
    clients: int | None = Field(default=None, ge=1)
    """Connections of clients that one pod takes. Unset: all of the connection ledger, for one pod may be alone."""
    ignored_startup_parameters: tuple[ParameterName, ...] = ("extra_float_digits",)
    """Parameters that a client may ask for when it connects and does not get. Others are refused."""
    exporter_image: ImageReference | None = Field(
        default=None, examples=["quay.io/prometheuscommunity/pgbouncer-exporter:v0.12.1"]
    )
    """Image of prometheus-community/pgbouncer_exporter, for metrics. Unset: there are none."""

    @property
    def most_pods(self) -> int:
        """Pods with connections to the server at a time: one more while its last transactions end."""
        return self.replica_count + 1
