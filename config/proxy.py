"""The HTTP proxy of a closed network: where it is, and who is reached without it."""

import re
from typing import Annotated, Final, Self
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from config.network import EgressSettings, Located
from config.types import ConfigKey

PROXY_VARIABLES: Final[tuple[str, ...]] = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
"""There is no standard. curl reads `http_proxy` in lower case alone, since a CGI server would let a request set the
other; Python's urllib, requests, httpx and botocore read both and prefer the lower, Go prefers the upper. Node.js reads
none by itself: axios and undici's EnvHttpProxyAgent do, both."""

NO_PROXY_VARIABLES: Final[tuple[str, ...]] = ("NO_PROXY", "no_proxy")

DIRECT: Final = ("localhost", "127.0.0.1", "::1", "169.254.169.254", ".svc", ".cluster.local")
"""Reached without a proxy everywhere: the pod itself, the address of a cloud's metadata, for which a proxy would answer
with its own identity, and Services, also by their full names where the cluster's domain is the usual one.

A suffix has its dot: axios takes a name without one for a single host, Go one with it for what is below."""

_URL: Final = re.compile(r"https?://[a-z0-9]([-.a-z0-9]*[a-z0-9])?:[0-9]{1,5}/?")


def _without_login(value: str) -> str:
    if not _URL.fullmatch(value):
        # Not shown: it may hold a password.
        raise PydanticCustomError(
            "not_shown",
            "must be scheme, host and port, such as http://proxy.example.com:3128; a login goes into user and password",
        )
    return value


def _known_to_all(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:/_-]+", value):
        raise ValueError("must be a host, an address, or a suffix such as .example.com; libraries know no patterns")
    return value


class ProxySettings(Located):
    """The HTTP proxy that pods reach the internet by. Every workload is told of it under the usual variables."""

    url: Annotated[str, AfterValidator(_without_login)] = Field(examples=["http://proxy.example.com:3128"])
    """Its address, for http and https alike."""
    user: str | None = Field(default=None, min_length=1, examples=["noxus"])
    """User of its login. Unset: it asks for none."""
    password: ConfigKey | None = Field(default=None, examples=["proxyPassword"])
    """Secret config key of the login's password. It may have any characters: they are escaped."""
    no_proxy: tuple[Annotated[str, AfterValidator(_known_to_all)], ...] = Field(default=(), examples=[[".example.com"]])
    """Who is reached without it besides Services, data services with private addresses and single addresses of
    `egress`. Blocks such as 10.0.0.0/8 are known to few (Go, requests, curl from 7.86), and stand for hosts that are
    written as addresses, not for names."""

    @model_validator(mode="after")
    def _a_login_is_whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("takes user and password together, or neither")
        return self

    @property
    def egress(self) -> EgressSettings:
        """The way to it."""
        target = self.model_dump(by_alias=True, include={"cidrs", "namespace", "pod_labels"})
        port = self.pod_port or urlsplit(self.url).port
        return EgressSettings.model_validate({**target, "reason": "the HTTP proxy is the way out", "ports": (port,)})

    def with_login(self, password: str) -> str:
        """`url` with the login in it."""
        scheme, _, host = self.url.partition("://")
        return f"{scheme}://{quote(self.user or '', safe='')}:{quote(password, safe='')}@{host}"
