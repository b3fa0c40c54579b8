"""The stack file of a stack on GCP."""

from collections.abc import Sequence

from pydantic import Field

from config.clouds.gcp.postgres import GcpPostgres
from config.clouds.gcp.project import GcpSettings
from config.clouds.gcp.redis import GcpRedis
from config.clouds.gcp.statement import GcpStatements
from config.clouds.gcp.storage import GcpStorage
from config.data_services import PostgresSettings, RedisSettings, StorageSettings
from config.sections import StackSettings


class GcpStack(
    StackSettings[PostgresSettings[GcpPostgres], RedisSettings[GcpRedis], StorageSettings[GcpStorage], GcpStatements]
):
    """Everything plain that the file of a stack on GCP says."""

    gcp: GcpSettings = Field(examples=["{ name: noxus-prod, project: noxus-prod, ... }"])
    """The project and network, with `cloud: gcp`."""

    @property
    def account(self) -> GcpSettings:
        """The stack's cloud."""
        return self.gcp

    @property
    def bucket(self) -> str | None:
        """Name of the bucket, if this stack makes it."""
        return self.storage.bucket if isinstance(self.storage, GcpStorage) else None

    @property
    def own_things(self) -> Sequence[str]:
        """The project, the bucket and the entries."""
        bucket = [f"buckets/{self.bucket}"] if self.bucket else []
        entries = (f"secrets/{self.secrets.entry(name)}" for _, name, _ in self.releases())
        return [f"projects/{self.gcp.project}", *bucket, *entries]
