"""Reading a stack's namespaces from the Kubernetes API: one list per kind and namespace, no discovery, nothing written.

Lists are per namespace, so that their cost follows the stack and not its neighbours. Of Secrets only the metadata is
asked for: no value leaves the API server. Of pods only the platform's own: a namespace may have others.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from kubernetes.client import ApiClient, ApiException, Configuration
from kubernetes.config import ConfigException, load_incluster_config, new_client_from_config
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from components.kubernetes.access import ClusterAccess
from components.kubernetes.labels import PART_OF
from config import ConfigError, Problem, StackSettings, kubeconfig
from config.sections import ClusterSettings
from tools.health import answers
from tools.observed import Namespace, Observed

_RESOURCES: Final = {
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "HorizontalPodAutoscaler": "apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "HTTPRoute": "apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes",
    "Ingress": "apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    "Job": "apis/batch/v1/namespaces/{}/jobs",
    "NetworkPolicy": "apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "PersistentVolumeClaim": "api/v1/namespaces/{}/persistentvolumeclaims",
    "Pod": f"api/v1/namespaces/{{}}/pods?labelSelector={PART_OF}%3Dnoxus",
    "PodDisruptionBudget": "apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "ExternalSecret": "apis/external-secrets.io/v1/namespaces/{}/externalsecrets",
    "SecretStore": "apis/external-secrets.io/v1/namespaces/{}/secretstores",
    "PodMonitor": "apis/monitoring.coreos.com/v1/namespaces/{}/podmonitors",
    "ScaledObject": "apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
    "ResourceQuota": "api/v1/namespaces/{}/resourcequotas",
    "Secret": "api/v1/namespaces/{}/secrets",
    "Service": "api/v1/namespaces/{}/services",
    "ServiceAccount": "api/v1/namespaces/{}/serviceaccounts",
    "StatefulSet": "apis/apps/v1/namespaces/{}/statefulsets",
    "TriggerAuthentication": "apis/keda.sh/v1alpha1/namespaces/{}/triggerauthentications",
}

_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_TIMEOUT_SECONDS: Final = 15
_WHEN_BUSY: Final = Retry(
    total=None,
    connect=0,
    read=0,
    redirect=0,
    other=0,
    status=8,
    status_forcelist=(429,),
    backoff_factor=0.25,
    raise_on_status=False,
)
"""An API server says 429 and when to ask again while it is busy, or has not read a custom resource's objects yet."""
_OK: Final = 200
_NOT_FOUND: Final = 404


def observe(settings: StackSettings) -> Observed:
    """Read the namespaces of the data services and of every release. Raises `ConfigError` if that cannot be done."""
    problems = list(ClusterAccess(settings.cluster).problems(connect=True))
    if problems:
        raise _unusable(*problems)
    namespaces = [settings.cluster.data_namespace, *(release.namespace for _, _, release in settings.releases())]
    try:
        with _client(settings.cluster) as client:
            return {name: _observe(client, name) for name in namespaces}
    except (ApiException, ConfigException, HTTPError, OSError, ValueError) as error:
        raise _unusable(Problem("cluster", f"could not be asked: {error}")) from None


def _client(settings: ClusterSettings) -> ApiClient:
    configuration = Configuration(retries=_WHEN_BUSY)
    files = [path for path in kubeconfig.paths(settings.kubeconfig) if path.exists()]
    if not kubeconfig.merged(files):  # and there is a cluster: then it is this pod's own
        load_incluster_config(client_configuration=configuration)
        return ApiClient(configuration)
    names = os.pathsep.join(str(path) for path in files)
    return new_client_from_config(names, settings.context, persist_config=False, client_configuration=configuration)


def _observe(client: ApiClient, namespace: str) -> Namespace:
    found = Namespace(namespace, _objects(client, namespace), datetime.now(UTC))
    found.add(list(answers(client, found)))
    return found


def _objects(client: ApiClient, namespace: str) -> Iterator[dict[str, Any]]:
    found = _get(client, f"api/v1/namespaces/{namespace}")
    if not found:
        return
    yield {**found, "kind": "Namespace"}
    for kind, path in _RESOURCES.items():
        accepted = _METADATA_ONLY if kind == "Secret" else "application/json"
        for item in _get(client, path.format(namespace), accepted).get("items") or ():
            yield {**item, "kind": kind}  # items of a list do not say what they are


def _get(client: ApiClient, path: str, accepted: str = "application/json") -> dict[str, Any]:
    """What the API server answers; nothing if there is no such object, or no such kind because KEDA is missing."""
    headers = {"Accept": accepted}
    request = client.param_serialize("GET", f"/{path}", header_params=headers, auth_settings=["BearerToken"])
    answer = client.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
    answer.read()
    if answer.status == _NOT_FOUND:
        return {}
    if answer.status != _OK:
        refusal = f"refused GET /{path}: {answer.status} {answer.reason}"
        ask = "ask `kubectl auth whoami` and `kubectl auth can-i --list`"
        raise _unusable(Problem("cluster", f"{refusal}; {ask}"))
    return json.loads(answer.data or b"{}")


def _unusable(*problems: Problem) -> ConfigError:
    return ConfigError("The stack's cluster", problems)
