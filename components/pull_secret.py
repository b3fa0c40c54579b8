"""A Secret with the login of a private registry, in the form that the kubelet reads."""

import base64
import json
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components.external_secret import StoreAccess, StoreKey, external_pull_secret
from components.namespace_ref import NamespaceRef
from config.sections import RegistrySettings

LOGIN_TYPE: Final = "kubernetes.io/dockerconfigjson"
LOGIN_FILE: Final = ".dockerconfigjson"


def pull_secret(
    name: str,
    namespace: NamespaceRef,
    registry: RegistrySettings,
    password: pulumi.Output[str] | StoreKey,
    store: StoreAccess | None,
    opts: pulumi.ResourceOptions,
) -> Secret | CustomResource:
    """The login of one registry, written by Pulumi or by External Secrets."""
    if isinstance(password, StoreKey):
        if store is None:
            raise ValueError(f"{name} is in a store, and its release reads none")
        return external_pull_secret(name, namespace, store, registry.server, registry.username, password, opts)
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
