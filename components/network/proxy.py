"""The HTTP proxy on the way to the internet, as pods are told of it."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import pulumi

from components.kubernetes.endpoints import BucketEndpoint, PodTarget, PostgresEndpoint, RedisEndpoint
from config import StackConfig
from config.proxy import NO_PROXY_VARIABLES, PROXY_VARIABLES


def proxy_variables(
    stack: StackConfig, postgres: PostgresEndpoint, redis: RedisEndpoint, bucket: BucketEndpoint
) -> tuple[Mapping[str, pulumi.Input[str]], Mapping[str, pulumi.Output[str]]]:
    """Plain variables, and those with the proxy's login. Data services at private addresses are reached without it."""
    proxy = stack.settings.network.proxy
    if proxy is None:
        return {}, {}
    store = pulumi.Output.from_input(bucket.url).apply(lambda url: urlsplit(url).hostname or "")
    # Of many clients the bucket's name is the first part of the host.
    hosts = [
        *((way.target, way.host) for way in (postgres.platform, postgres.direct)),
        (redis.target, redis.host),
        (bucket.target, store),
        (bucket.target, pulumi.Output.concat(".", store)),
    ]
    private = [host for target, host in hosts if isinstance(target, PodTarget) or target.cidrs]
    direct = pulumi.Output.all(*stack.settings.direct_hosts, *private).apply(lambda all_: ",".join(dict.fromkeys(all_)))
    plain: dict[str, pulumi.Input[str]] = dict.fromkeys(NO_PROXY_VARIABLES, direct)
    if proxy.password is None:
        return {**plain, **dict.fromkeys(PROXY_VARIABLES, proxy.url)}, {}
    url = stack.secrets[proxy.password].apply(proxy.with_login)
    return plain, dict.fromkeys(PROXY_VARIABLES, url)
