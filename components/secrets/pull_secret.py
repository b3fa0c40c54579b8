"""A Secret with the login of a private registry, in the form that the kubelet reads."""

import base64
import json
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.kubernetes.namespace_ref import NamespaceRef
from config.sections import RegistrySettings

LOGIN_TYPE: Final = "kubernetes.io/dockerconfigjson"
LOGIN_FILE: Final = ".dockerconfigjson"


def pull_secret(
    name: str,
    namespace: NamespaceRef,
    registry: RegistrySettings,
    password: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> Secret:
    """The login of one registry, whose password the stack file holds; else it is `external_pull_secret`."""
    login = password.apply(lambda known: docker_config(registry.server, registry.username, known))
    return Secret(
        namespace.key(name),
        metadata=namespace.metadata(name),
        type=LOGIN_TYPE,
        string_data=pulumi.Output.secret({LOGIN_FILE: login}),
        opts=opts,
    )


def docker_config(server: str, username: str, password: str) -> str:
    """The file that `docker login` would write, for one registry."""
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    return json.dumps({"auths": {server: {"username": username, "password": password, "auth": auth}}})
