"""Whether the platform is told how to reach a Redis that is not where every client looks by itself."""

from collections.abc import Iterator, Sequence

from checks.finding import Finding, warning
from config import StackSettings
from config.redis_access import REDIS_PORT, RedisAccess
from config.references import referred


def the_way_to_redis_is_told(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a port, of TLS and of a private authority that no plain variable refers to."""
    texts = [*settings.env.values(), *settings.primary.env.values()]
    named = {name for text in texts for name in referred(text)}
    for what, references in _told(settings.redis.access):
        if named.isdisjoint((*references, "redis.url")):
            yield warning(
                "env",
                f"says nothing about {what}, and the platform is told the host of Redis alone; write "
                f'{{ <variable>: "${{{references[0]}}}" }} with the variable that the platform reads, whose name is '
                "not published",
            )


def _told(access: RedisAccess) -> Iterator[tuple[str, Sequence[str]]]:
    """What must be told, and the references that tell it."""
    if access.port != REDIS_PORT:
        yield f"port {access.port} of Redis", ("redis.port",)
    if access.tls:
        yield "TLS to Redis", ("redis.tls", "redis.scheme")
    if access.ca_file:
        yield "the authority of Redis' certificate", ("redis.caFile",)
