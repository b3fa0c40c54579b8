"""The Kubernetes provider as the engine sees it: checks, previews and changes objects, and says what became of them."""

import os
import secrets
from threading import Event
from typing import Final

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from sandbox.plugins.kubernetes import inputs as objects
from sandbox.plugins.kubernetes.cluster import Address, ApiError, Cluster, NoMatchError, Object, UnreachableError
from sandbox.plugins.kubernetes.diff import Mutability, detailed_diff, must_delete_first
from sandbox.plugins.kubernetes.ownership import handover, without_ignored
from sandbox.plugins.kubernetes.readiness import judge, timeout_seconds
from sandbox.plugins.kubernetes.waiting import NotReadyError, Wait
from sandbox.plugins.properties import Secrets, decode, encode, has_unknown
from sandbox.plugins.server import EngineLog, RefusedError, plugin_version

RETRY_SECONDS: Final = (1, 2, 4, 8)
"""Pauses before a create is tried again while its namespace or CRD is missing. The official plugin takes a minute."""

CHANGED, UNCHANGED = pb.DiffResponse.DIFF_SOME, pb.DiffResponse.DIFF_NONE
REPLACING: Final = (pb.PropertyDiff.ADD_REPLACE, pb.PropertyDiff.DELETE_REPLACE, pb.PropertyDiff.UPDATE_REPLACE)
DRY_RUN: Final = {"dryRun": "All"}
MANAGER: Final = "__fieldManager"
UNREACHABLE: Final = "configured Kubernetes cluster is unreachable"
ADVICE: Final = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
CONFLICT: Final = (
    "Server-side apply field conflict detected. See https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/"
    "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help."
)


class KubernetesProvider:
    """One configured provider; the engine starts a process for each."""

    service = pb.DESCRIPTOR.services_by_name["ResourceProvider"]

    def __init__(self, engine: str) -> None:
        self._log = EngineLog(engine)
        self._cancelled = Event()
        self._cluster: Cluster | None = None
        self._unreachable = "the provider is not configured"
        self._namespace = "default"
        self._mutability = Mutability(secrets=False, config_maps=False)

    def stop(self) -> None:
        """End all waits; what was made is reported as not ready."""
        self._cancelled.set()

    def cancel(self, _request: Empty) -> Empty:
        """The user wants to end."""
        self.stop()
        return Empty()

    def get_plugin_info(self, _request: Empty) -> plugin_pb2.PluginInfo:
        """Of the version that the SDK asks for."""
        return plugin_pb2.PluginInfo(version=plugin_version("pulumi_kubernetes"))

    def check_config(self, request: pb.CheckRequest) -> pb.CheckResponse:
        """Settings are judged when they are used."""
        return pb.CheckResponse(inputs=request.news)

    def diff_config(self, request: pb.DiffRequest) -> pb.DiffResponse:
        """Another API server means another cluster, on which every object has to be made."""
        old, new = decode(request.olds)[0], decode(request.news)[0]
        changed = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
        servers = {Cluster.server(settings.get("kubeconfig"), settings.get("context")) for settings in (old, new)}
        moved = [key for key in changed if key in ("kubeconfig", "context")] if len(servers) > 1 else []
        return pb.DiffResponse(changes=CHANGED if changed else UNCHANGED, diffs=changed, replaces=moved)

    def configure(self, request: pb.ConfigureRequest) -> pb.ConfigureResponse:
        """Never fails: a preview must work before its cluster exists. The first change says what is wrong."""
        settings, _ = decode(request.args)
        self._namespace = settings.get("namespace") or "default"
        mutable = (settings.get(f"enable{kind}Mutable") in (True, "true") for kind in ("Secret", "ConfigMap"))
        self._mutability = Mutability(*mutable)
        if has_unknown(settings):
            self._unreachable = "the provider's settings are not known yet"
        else:
            try:
                self._cluster = Cluster(settings.get("kubeconfig"), settings.get("context"))
            except UnreachableError as error:
                self._unreachable = str(error)
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def check(self, request: pb.CheckRequest) -> pb.CheckResponse:
        """The object that the inputs stand for: named, in a namespace, a Secret's text encoded and marked."""
        new, marked = decode(request.news)
        api_version, kind = _api_type(request.type)
        if kind.endswith("Patch"):
            raise RefusedError(f"{kind}: the sandbox's Kubernetes provider has no Patch resources")
        whole = {**new, "apiVersion": api_version, "kind": kind}
        named = objects.named(whole, decode(request.olds)[0], request.name, request.randomSeed)
        if self._namespaced(api_version, kind):
            named["metadata"].setdefault("namespace", self._namespace)
        return pb.CheckResponse(inputs=encode(objects.encoded(named), objects.secret_paths(kind, marked)))

    def diff(self, request: pb.DiffRequest) -> pb.DiffResponse:
        """Old inputs against new ones. No object is read: what changed on the cluster is seen by a refresh alone.

        Except a Job that asks to be replaced if it has failed.
        """
        old, new = decode(request.old_inputs)[0], decode(request.news)[0]
        diff = detailed_diff(old, new, self._mutability)
        if self._failed_before(new):
            annotation = 'metadata.annotations["pulumi.com/replaceUnready"]'
            diff[annotation] = pb.PropertyDiff(kind=pb.PropertyDiff.UPDATE_REPLACE)
        replaced = [path for path, change in diff.items() if change.kind in REPLACING]
        return pb.DiffResponse(
            changes=CHANGED if diff else UNCHANGED,
            replaces=replaced,
            deleteBeforeReplace=bool(replaced) and must_delete_first(old, new),
            detailedDiff=diff,
            hasDetailedDiff=True,
        )

    def create(self, request: pb.CreateRequest) -> pb.CreateResponse:
        """Make the object and wait for it. One that exists already is never taken over."""
        wanted, marked = decode(request.properties)
        if request.preview and not self._can_preview(wanted):
            return pb.CreateResponse(properties=request.properties)
        cluster = self._reachable()
        try:
            live = cluster.create(wanted, DRY_RUN) if request.preview else self._post(cluster, wanted, request.urn)
        except NoMatchError as error:
            raise RefusedError(
                f'creation of resource "{request.urn}" with kind {wanted["apiVersion"]}/{wanted["kind"]} failed '
                "because the Kubernetes API server reported that the apiVersion for this resource does not exist. "
                f"Verify that any required CRDs have been created: {error}"
            ) from None
        except ApiError as error:
            if request.preview and _is_no_finding(error):
                return pb.CreateResponse(properties=request.properties)
            raise RefusedError(
                f'resource "{request.urn}" was not successfully created by the Kubernetes API server: {error}'
            ) from None
        manager, address = f"pulumi-kubernetes-{secrets.token_hex(4)}", Address.of(live)
        if request.preview:
            live.pop("status", None)
            return pb.CreateResponse(properties=_state(wanted, live, manager, marked))
        try:
            live = self._wait(cluster, request.urn, wanted, request.timeout).until_ready(live)
        except NotReadyError as error:
            reason = (
                f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it '
                f"failed to fully initialize or become live: {error.reasons[0]}"
            )
            state = _state(wanted, error.live, manager, marked)
            raise _unfinished(address, state, [reason, *error.reasons[1:]]) from None
        return pb.CreateResponse(id=address.id, properties=_state(wanted, live, manager, marked))

    def read(self, request: pb.ReadRequest) -> pb.ReadResponse:
        """What the cluster has now where the program's inputs are; nothing if the object is gone."""
        old, marked = decode(request.inputs)
        state, _ = decode(request.properties)
        address = Address(*_api_type(request.type), *request.id.rpartition("/")[::2])
        cluster = self._known_cluster(request.urn, "failed to read resource state due to unreachable cluster")
        if cluster is None:
            return pb.ReadResponse()
        try:
            live = cluster.get(address)
        except NoMatchError:
            return pb.ReadResponse()
        except ApiError as error:
            if error.not_found:
                return pb.ReadResponse()
            raise
        wanted = objects.observed(old, live) if old else objects.imported(live)
        marked = objects.secret_paths(live["kind"], marked)
        manager = state.get(MANAGER) or f"pulumi-kubernetes-{secrets.token_hex(4)}"
        properties, inputs = _state(wanted, live, manager, marked), encode(wanted, marked)
        verdict = judge(live, cluster)
        if old and not verdict.ready:
            raise _unfinished(address, properties, [verdict.missing], inputs)
        return pb.ReadResponse(id=request.id, properties=properties, inputs=inputs)

    def update(self, request: pb.UpdateRequest) -> pb.UpdateResponse:
        """Apply as the resource's own manager, and wait. Only a preview takes fields from others."""
        wanted, marked = decode(request.news)
        if request.preview and not self._can_preview(wanted):
            return pb.UpdateResponse(properties=request.news)
        cluster, address = self._reachable(), Address.of(wanted)
        manager = decode(request.olds)[0][MANAGER]
        forced = request.preview or objects.annotation(wanted, "patchForce") == "true"
        query = {"force": "true" if forced else "false", **(DRY_RUN if request.preview else {})}
        try:
            live = cluster.get(address)
        except (ApiError, NoMatchError) as error:
            raise RefusedError(f'update of resource "{request.urn}" failed: {error}') from None
        try:
            if not request.preview and (patch := handover(live, manager)):
                live = cluster.patch(address, patch)
            applied = without_ignored(wanted, live, manager, request.ignoreChanges)
            live = cluster.apply(applied, manager, query)
            if not request.preview:
                live = self._wait(cluster, request.urn, wanted, request.timeout).until_ready(live)
            return pb.UpdateResponse(properties=_state(wanted, live, manager, marked))
        except ApiError as error:
            if request.preview and error.forbidden:
                return pb.UpdateResponse(properties=request.news)
            reasons = [str(error)]
            if error.reason == "Conflict":
                cause = f'The resource managed by field manager "{manager}" had an apply conflict: {error}'
                reasons = [f"{CONFLICT}\n{cause}"]
        except NotReadyError as error:
            live, reasons = error.live, error.reasons
        what = f'the Kubernetes API server reported that "{address.id}" failed to fully initialize or become live'
        state = _state(wanted, live, manager, marked)
        raise _unfinished(address, state, [f"{what}: {reasons[0]}", *reasons[1:]])

    def delete(self, request: pb.DeleteRequest) -> Empty:
        """Delete what the object owns first, then it, and wait until it is gone."""
        state, _ = decode(request.properties)
        cluster = self._known_cluster(request.urn, UNREACHABLE)
        if cluster is None:
            return Empty()
        address, policy = Address.of(state), objects.annotation(state, "deletionPropagationPolicy") or "foreground"
        try:
            cluster.delete(address, policy.title())
            if objects.annotation(state, "skipAwait") != "true":
                wait = self._wait(cluster, request.urn, state, request.timeout)
                wait.until_gone(address, state["metadata"].get("uid", ""))
        except NoMatchError:
            pass
        except ApiError as error:
            if not error.not_found:
                raise
        return Empty()

    def _failed_before(self, wanted: Object) -> bool:
        if wanted["kind"] != "Job" or objects.annotation(wanted, "replaceUnready") != "true" or not self._cluster:
            return False
        try:
            return not judge(self._cluster.get(Address.of(wanted)), self._cluster).ready
        except (ApiError, NoMatchError, UnreachableError):
            return False

    def _namespaced(self, api_version: str, kind: str) -> bool | None:
        """Whether the kind lives in namespaces, or None if no cluster can tell, perhaps only yet."""
        try:
            return self._reachable().namespaced(api_version, kind)
        except (NoMatchError, UnreachableError):
            return None

    def _can_preview(self, wanted: Object) -> bool:
        return not has_unknown(wanted) and self._namespaced(wanted["apiVersion"], wanted["kind"]) is not None

    def _reachable(self) -> Cluster:
        if self._cluster is None:
            raise UnreachableError(f"{UNREACHABLE}: {self._unreachable}")
        return self._cluster

    def _known_cluster(self, urn: str, failure: str) -> Cluster | None:
        """The cluster to ask about an object of the state, or None if the user gave up both with it."""
        if self._cluster is None and os.environ.get("PULUMI_K8S_DELETE_UNREACHABLE", "").lower() != "true":
            self._log.warn(urn, f"{UNREACHABLE}: {self._unreachable}")
            raise UnreachableError(f"{failure}. {ADVICE}")
        return self._cluster

    def _post(self, cluster: Cluster, wanted: Object, urn: str) -> Object:
        """Create, with patience for a namespace or CRD that is being made by something Pulumi does not know of."""
        for attempt, pause in enumerate(RETRY_SECONDS):
            try:
                return cluster.create(wanted, {})
            except (ApiError, NoMatchError) as error:
                if isinstance(error, ApiError) and not error.not_found:
                    raise
                self._log.status(urn, f"Retry #{attempt}; creation failed: {error}")
                if self._cancelled.wait(pause):
                    raise
        return cluster.create(wanted, {})

    def _wait(self, cluster: Cluster, urn: str, wanted: Object, custom_timeout: float) -> Wait:
        seconds = timeout_seconds(wanted, custom_timeout)
        return Wait(cluster, seconds, self._cancelled, lambda message: self._log.status(urn, message))


def _api_type(token: str) -> tuple[str, str]:
    """`kubernetes:apps/v1:Deployment` is `apps/v1`, `Deployment`."""
    _, api_version, kind = token.split(":")
    return api_version.removeprefix("core/"), kind


def _state(wanted: Object, live: Object, manager: str, marked: Secrets) -> Struct:
    """What the engine keeps: the live object and what it was made from. What is secret in one is secret in both."""
    paths = objects.secret_paths(live["kind"], marked)
    state = {**live, "__inputs": wanted, "__initialApiVersion": live["apiVersion"], MANAGER: manager}
    return encode(state, paths | {("__inputs", *path) for path in paths})


def _unfinished(address: Address, properties: Struct, reasons: list[str], inputs: Struct | None = None) -> RefusedError:
    """The object exists but is not what was asked for: the engine keeps it with the reasons, and will try again."""
    detail = pb.ErrorResourceInitFailed(id=address.id, properties=properties, reasons=reasons, inputs=inputs)
    return RefusedError(reasons[0], detail)


def _is_no_finding(error: ApiError) -> bool:
    """Whether a failed dry run says nothing of the object: what is missing or in the way may have changed by `up`."""
    missing_namespace = error.not_found and str(error).startswith("namespaces ")
    return missing_namespace or error.forbidden or error.reason == "AlreadyExists" or "support dry run" in str(error)
