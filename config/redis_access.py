"""How a Redis is reached: what differs between one in the cluster, somebody else's, and each cloud's."""

from dataclasses import dataclass
from typing import Final

from config.authorities import ca_file

REDIS_PORT: Final = 6379
"""Redis' own port. The platform is told a host without a port (platform.md section 4.1)."""


@dataclass(frozen=True, kw_only=True)
class RedisAccess:
    """Port and transport."""

    port: int = REDIS_PORT
    tls: bool = False
    """Whether it speaks TLS."""
    private_authority: bool = False
    """Whether its certificate is of an authority that no client knows by itself."""

    @property
    def scheme(self) -> str:
        """Scheme of an address that clients would take."""
        return "rediss" if self.tls else "redis"

    @property
    def ca_file(self) -> str | None:
        """Path in every pod of the authority's certificates, if clients must be told of them."""
        return ca_file("redis") if self.private_authority else None
