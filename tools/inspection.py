"""Compares a stack's settings with what was observed in its cluster: pure, one `Check` for each question.

What stands on something missing is not asked about: one cause, one failure. What runs inside the pods is not looked
at, and neither are namespaces that no setting names any more.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from components.cluster.stateful import INSTANCE
from components.ingress import certificate
from components.labels import PART_OF, selector
from components.migrations import migrations_run
from config import StackSettings
from config.releases import ReleaseSettings
from tools import expectations, faults
from tools.expectations import Workload
from tools.health import HEALTH
from tools.observed import Manifest, Namespace, Observed, at, part, parts


@dataclass(frozen=True)
class Check:
    """One answer."""

    release: str
    """Name of the release, or `data` for the data services."""
    check: str
    passed: bool
    reason: str
    """Why it failed and where to look; a remark, if it has passed."""


def inspect(settings: StackSettings, observed: Observed) -> Iterator[Check]:
    """Check the data services, then every release in the order of the stack file."""
    if settings.has_data_namespace:
        yield from _Inspection(settings, INSTANCE, observed[settings.cluster.data_namespace]).data_services()
    for _, name, release in settings.releases():
        yield from _Inspection(settings, name, observed[release.namespace]).release(release)


@dataclass(frozen=True)
class _Inspection:
    """The questions about one namespace of the stack."""

    settings: StackSettings
    name: str
    found: Namespace

    def data_services(self) -> Iterator[Check]:
        yield self._namespace()
        if not self.found.exists:
            return
        yield self._policies()
        services = self.settings.services_in_cluster
        for service in sorted(services):
            yield self._object(f"{service}: available", "StatefulSet", service, lambda it: faults.rollout(it, 1))
            yield self._object(f"{service}: volume", "PersistentVolumeClaim", service, faults.volume_claim)
            yield self._service(service, selector(INSTANCE, service), headless=True)
        if self.settings.sets_up_database:
            yield self._object("postgres-setup: complete", "Job", "postgres-setup", faults.completion)
        if self.settings.opens_queue:
            yield self._object("postgres-queue: complete", "Job", "postgres-queue", faults.completion)
        yield self._nothing_else({"Deployment": frozenset(), "Service": services, "StatefulSet": services})

    def release(self, release: ReleaseSettings) -> Iterator[Check]:
        yield self._namespace(ours=release.create_namespace)
        if not self.found.exists:
            return
        yield self._policies()
        marks = release.identity.annotations
        yield self._object("ServiceAccount", "ServiceAccount", self.name, lambda it: faults.service_account(it, marks))
        if external := expectations.external_secrets(self.settings, self.name, release):
            yield self._object("SecretStore", "SecretStore", self.name, faults.ready)
            for name in external:
                yield self._object(f"ExternalSecret {name}", "ExternalSecret", name, faults.ready)
        if logins := self.settings.images.login_secrets:
            missing = (f"Secret {name} does not exist" for name in logins if not self.found.get("Secret", name))
            yield self._check("registry Secrets", "get secrets", missing)
        if self.settings.cluster.scraping == "podMonitors":
            yield self._object("PodMonitor", "PodMonitor", self.name, lambda _: ())
        if quota := release.quota:
            name = f"{self.name}-quota"
            yield self._object("quota", "ResourceQuota", name, lambda it: faults.quota(it, quota))
        if release is self.settings.primary:
            yield from self._of_the_primary()
        workloads = list(expectations.workloads(self.settings, self.name, release))
        for workload in workloads:
            yield from self._workload(workload)
        disabled = {f"{self.name}-{pool}" for pool in release.pools.keys() - release.enabled_pools.keys()}
        for name in sorted(disabled):
            left = [f"Deployment {name} exists, expected none"] if self.found.get("Deployment", name) else []
            yield self._check(f"{name}: disabled", f"describe deployment {name}", left)
        names = {workload.name for workload in workloads}
        serving = {workload.name for workload in workloads if workload.serves}
        yield self._nothing_else({"Deployment": names | disabled, "Service": serving, "StatefulSet": frozenset()})

    def _of_the_primary(self) -> Iterator[Check]:
        if job := migrations_run(self.settings):
            yield self._object("migrations: complete", "Job", job, faults.completion)
        primary = self.settings.primary
        for role, host in primary.public_hosts.items():
            name = f"{self.name}-{role}"
            secret = certificate(name, primary.tls) if primary.tls else None
            yield self._object(
                f"{name}: Ingress",
                "Ingress",
                name,
                lambda it, name=name, host=host, secret=secret: faults.ingress(it, name, host, secret),
            )
            if primary.tls and secret:
                missing = [] if self.found.get("Secret", secret) else [faults.no_certificate(secret, primary.tls)]
                yield self._check(f"{name}: certificate", f"describe ingress {name}", missing)

    def _workload(self, workload: Workload) -> Iterator[Check]:
        name, look = workload.name, f"describe deployment {workload.name}"
        deployment = self.found.get("Deployment", name)
        yield self._object(f"{name}: available", "Deployment", name, lambda it: faults.replicas(it, workload))
        if deployment:
            pod = part(deployment, "spec", "template", "spec")
            container = _container(pod, workload.component)
            yield self._check(f"{name}: image", look, faults.differences({"image": workload.image}, container))
            yield self._check(f"{name}: literal env", look, faults.literal_env(container, workload))
            yield self._check(f"{name}: envFrom order", look, faults.env_layers(container, workload))
            missing = (
                f"Secret {secret} does not exist" for secret in workload.secrets if not self.found.get("Secret", secret)
            )
            yield self._check(f"{name}: Secrets", "get secrets", missing)
            yield self._check(f"{name}: identity", look, faults.identity(pod, workload))
        wanted = expectations.scaler(workload)
        found = faults.autoscaler(workload, wanted, self.found)
        yield self._check(
            f"{name}: autoscaler", f"describe {wanted.kind.lower()} {name}" if wanted else "get hpa", found
        )
        yield self._object(
            f"{name}: disruption budget",
            "PodDisruptionBudget",
            name,
            lambda it: faults.disruption_budget(it, workload),
        )
        if workload.serves:
            headless = workload.component == "worker"
            yield self._service(name, selector(workload.release, workload.role), headless=headless)
            if not headless:
                yield self._check(f"{name}: health", look, faults.health(self.found.get(HEALTH, name)))

    def _namespace(self, *, ours: bool = True) -> Check:
        standard = self.settings.cluster.pod_security
        judge = faults.namespace if ours else faults.namespace_of_another
        name = self.found.name
        return self._object(f"namespace {name}", "Namespace", name, lambda it: judge(it, standard))

    def _policies(self) -> Check:
        wanted = expectations.policies(self.settings)[self.found.name]
        found = faults.policies(self.found.all("NetworkPolicy"), wanted)
        return self._check("network policies", "get networkpolicies", found)

    def _service(self, name: str, selected: Mapping[str, str], *, headless: bool) -> Check:
        title = f"{name}: {'headless ' if headless else ''}Service"
        return self._object(title, "Service", name, lambda it: faults.service(it, selected, headless=headless))

    def _nothing_else(self, expected: Mapping[str, AbstractSet[str]]) -> Check:
        """Whatever carries the label of this program and no setting asks for."""
        extra = (
            f"{kind} {name} is asked for by no setting"
            for kind, names in expected.items()
            for name, manifest in self.found.all(kind).items()
            if name not in names and at(manifest, "metadata", "labels", PART_OF) == "noxus"
        )
        look = f"get {','.join(expected).lower()} -l {PART_OF}=noxus"
        return self._check("nothing else", look, extra)

    def _object(self, title: str, kind: str, name: str, faults_of: Callable[[Manifest], Iterable[str]]) -> Check:
        """Check one object, which must exist."""
        manifest = self.found.get(kind, name)
        found = faults_of(manifest) if manifest else [f"{kind} {name} does not exist"]
        return self._check(title, f"describe {kind.lower()} {name}", found)

    def _check(self, title: str, look: str, found: Iterable[str]) -> Check:
        """Sum up faults; `look` is how kubectl shows more."""
        said = list(found)
        passed = all(isinstance(sentence, faults.Remark) for sentence in said)
        return Check(self.name, title, passed, f"{'; '.join(said)}; see `{self._kubectl(look)}`" if said else "")

    def _kubectl(self, command: str) -> str:
        cluster = self.settings.cluster
        kubeconfig = cluster.kubeconfig and str(Path(cluster.kubeconfig).expanduser())
        options = {"--kubeconfig": kubeconfig, "--context": cluster.context, "-n": self.found.name}
        words = [word for option, value in options.items() if value for word in (option, value)]
        return f"kubectl {shlex.join(words)} {command}"


def _container(pod: Manifest, name: str) -> Manifest:
    return next((container for container in parts(pod, "containers") if container["name"] == name), part(None))
