"""One Kubernetes API server: its kinds, and objects as plain dicts. Authentication is the official client's."""

import json
import logging
import os
import threading
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self

import urllib3
import yaml
from kubernetes.client import ApiClient
from kubernetes.config import ConfigException, new_client_from_config, new_client_from_config_dict

from sandbox.plugins.server import RefusedError

Object = dict[str, Any]

TIMEOUT_SECONDS: Final = (5, 60)
"""To connect, and to read an answer."""

CREATOR: Final = "pulumi-kubernetes"
"""Field manager of created objects; at the first update `handover` gives their fields to the resource's own manager."""

# A failed attempt is reported by the answer that follows, not by a warning in the engine's output.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class ApiError(RefusedError):
    """The API server refused, in its own words."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.not_found = code == HTTPStatus.NOT_FOUND
        self.forbidden = code == HTTPStatus.FORBIDDEN


class NoMatchError(RefusedError):
    """The API server serves no such kind, perhaps because its CRD is not installed."""


class UnreachableError(RefusedError):
    """There is no API server to talk to: none configured, none answering, or none that lets us in."""


@dataclass(frozen=True)
class Address:
    """Where one object is, or without a name all of its kind."""

    api_version: str
    kind: str
    namespace: str
    name: str = ""

    @classmethod
    def of(cls, obj: Object) -> Self:
        """The address of an object."""
        return cls(obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"])

    @property
    def id(self) -> str:
        """The engine's id of the object."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Cluster:
    """A client for the cluster that a kubeconfig's context names."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}
        self._discovery = threading.Lock()
        self._client = _client(kubeconfig, context)
        try:
            self._call("GET", "/version")
        except (ApiError, UnreachableError) as error:
            raise UnreachableError(f"unable to load schema information from the API server: {error}") from None

    @staticmethod
    def server(kubeconfig: str | None, context: str | None) -> str | None:
        """The address that a kubeconfig's context leads to, whether or not anything answers there."""
        try:
            return _client(kubeconfig, context).configuration.host
        except UnreachableError:
            return None

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of this kind live in namespaces. Raises `NoMatchError` if there is no such kind."""
        return self._kind(api_version, kind)[1]

    def get(self, address: Address) -> Object:
        """The live object."""
        return self._call("GET", self._path(address))

    def find(self, collection: Address, labels: dict[str, str]) -> list[Object]:
        """The objects with these labels."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return self._call("GET", self._path(collection), {"labelSelector": selector})["items"]

    def create(self, obj: Object, query: dict[str, str]) -> Object:
        """The object as it was made. `query` asks for a dry run, or nothing."""
        collection = Address(obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace", ""))
        return self._call("POST", self._path(collection), {"fieldManager": CREATOR, **query}, obj)

    def apply(self, obj: Object, manager: str, query: dict[str, str]) -> Object:
        """The object after a server-side apply by `manager`."""
        path = self._path(Address.of(obj))
        return self._call("PATCH", path, {"fieldManager": manager, **query}, obj, "application/apply-patch+yaml")

    def patch(self, address: Address, operations: list[Object]) -> Object:
        """The object after a JSON patch."""
        return self._call("PATCH", self._path(address), {}, operations, "application/json-patch+json")

    def delete(self, address: Address, propagation: str) -> None:
        """Ask for the object's end, which may take its time."""
        self._call("DELETE", self._path(address), {}, {"propagationPolicy": propagation})

    def log_tail(self, pod: Address, lines: int) -> str:
        """The last lines of a pod's log, or nothing where there is none to be had."""
        try:
            return self._send("GET", f"{self._path(pod)}/log", {"tailLines": str(lines)}).decode(errors="replace")
        except (ApiError, UnreachableError):
            return ""

    def _path(self, address: Address) -> str:
        plural, namespaced = self._kind(address.api_version, address.kind)
        scope = f"/namespaces/{address.namespace or 'default'}" if namespaced else ""
        return f"{_root(address.api_version)}{scope}/{plural}" + (f"/{address.name}" if address.name else "")

    def _kind(self, api_version: str, kind: str) -> tuple[str, bool]:
        with self._discovery:
            # Asked again after a miss: the CRD may have been installed since.
            if kind not in self._kinds.get(api_version, {}):
                try:
                    found = self._call("GET", _root(api_version))["resources"]
                except ApiError as error:
                    if not error.not_found:
                        raise
                    found = []
                whole = [item for item in found if "/" not in item["name"]]
                self._kinds[api_version] = {item["kind"]: (item["name"], item["namespaced"]) for item in whole}
            if kind not in self._kinds[api_version]:
                raise NoMatchError(f'no matches for kind "{kind}" in version "{api_version}"')
            return self._kinds[api_version][kind]

    def _call(self, *request: Any) -> Any:
        return json.loads(self._send(*request))

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Any = None,
        media: str = "application/json",
    ) -> bytes:
        request = self._client.param_serialize(
            method=method,
            resource_path=path,
            query_params=list((query or {}).items()),
            header_params={"Content-Type": media, "Accept": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._client.call_api(*request, _request_timeout=TIMEOUT_SECONDS)
            content = response.read() or b""
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(str(error)) from None
        if response.status < HTTPStatus.BAD_REQUEST:
            return content
        try:
            status = json.loads(content)
        except ValueError:
            status = {"message": content.decode(errors="replace").strip() or f"HTTP status {response.status}"}
        raise ApiError(response.status, status.get("reason", ""), status["message"])


def _client(kubeconfig: str | None, context: str | None) -> ApiClient:
    """`kubeconfig` is a path or the contents themselves; without one, what kubectl would use."""
    try:
        if kubeconfig and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
            return new_client_from_config_dict(yaml.safe_load(kubeconfig), context, persist_config=False)
        path = str(Path(kubeconfig).expanduser()) if kubeconfig else os.environ.get("KUBECONFIG")
        return new_client_from_config(path, context, persist_config=False)
    except (ConfigException, OSError, yaml.YAMLError) as error:
        raise UnreachableError(
            f"unable to load Kubernetes client configuration from kubeconfig file: {error}"
        ) from None


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
