"""Compares a stack's settings with what was observed in its cluster: pure, one `Check` for each question.

What stands on something missing is not asked about: one cause, one failure. Pods that are not ready say why; what runs
inside the others is not looked at, and neither are namespaces that no setting names any more.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from components.data.cluster.stateful import INSTANCE
from components.kubernetes.labels import PART_OF, selector
from components.workloads.ingress import certificate
from components.workloads.migrations import migrations_run
from config import StackSettings, kubeconfig
from config.releases import ReleaseSettings
from tools import expectations, faults
from tools.expectations import Workload
from tools.health import HEALTH
from tools.observed import Manifest, Namespace, Observed, at, part, parts
from tools.pods import JOB_NAME, explanations

Outcome = Literal["ok", "note", "fail"]
"""`note`: everything is as configured, and there is something to look at that is not the stack's own."""

_Judge = Callable[[Manifest], Iterable[str]]
"""What there is to say about one object: faults and notes."""


@dataclass(frozen=True)
class Check:
    """One answer."""

    release: str
    """Name of the release, or `data` for the data services."""
    subject: str
    """The workload, data service or Job that is asked about; empty for the release as a whole."""
    question: str
    outcome: Outcome
    reason: str
    """What there is to say and where to look; empty for `ok`."""

    @property
    def check(self) -> str:
        """What was asked, about what; unique in its release."""
        return f"{self.subject}: {self.question}" if self.subject else self.question

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.outcome != "fail"


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
            yield from self._data_service(service)
        if self.settings.sets_up_database:
            yield self._job("postgres-setup", "postgres-setup")
        if self.settings.opens_queue:
            yield self._job("postgres-queue", "postgres-queue")
        yield self._nothing_else({"Deployment": frozenset(), "Service": services, "StatefulSet": services})

    def _data_service(self, service: str) -> Iterator[Check]:
        selected = selector(INSTANCE, service)
        stuck = self._said("StatefulSet", service, lambda it: faults.rollout(it, 1))
        yield self._pods(service, "available", f"describe statefulset {service}", selected, stuck)
        yield self._object(service, "volume", "PersistentVolumeClaim", service, faults.volume_claim)
        yield self._service(service, selected, headless=True)

    def release(self, release: ReleaseSettings) -> Iterator[Check]:
        yield self._namespace(ours=release.create_namespace)
        if not self.found.exists:
            return
        yield self._policies()
        marks = release.identity.annotations
        yield self._own("ServiceAccount", self.name, lambda it: faults.service_account(it, marks))
        if external := expectations.external_secrets(self.settings, self.name, release):
            yield self._own("SecretStore", self.name, faults.ready)
            for name in external:
                yield self._object("", f"ExternalSecret {name}", "ExternalSecret", name, faults.ready)
        if logins := self.settings.images.login_secrets:
            yield self._secrets("", "registry Secrets", logins)
        if self.settings.cluster.scraping == "podMonitors":
            yield self._own("PodMonitor", self.name, lambda _: ())
        if quota := release.quota:
            name = f"{self.name}-quota"
            yield self._object("", "quota", "ResourceQuota", name, lambda it: faults.quota(it, quota))
        if release is self.settings.primary and (job := migrations_run(self.settings)):
            yield self._job("migrations", job)
        workloads = list(expectations.workloads(self.settings, self.name, release))
        for workload in workloads:
            yield from self._workload(workload)
        disabled = {f"{self.name}-{pool}" for pool in release.pools.keys() - release.enabled_pools.keys()}
        for name in sorted(disabled):
            left = [f"Deployment {name} exists, expected none"] if self.found.get("Deployment", name) else []
            yield self._check(name, "disabled", f"describe deployment {name}", left)
        names = {workload.name for workload in workloads}
        serving = {workload.name for workload in workloads if workload.serves}
        yield self._nothing_else({"Deployment": names | disabled, "Service": serving, "StatefulSet": frozenset()})

    def _workload(self, workload: Workload) -> Iterator[Check]:
        yield from self._deployment(workload)
        name, wanted = workload.name, expectations.scaler(workload)
        look = f"describe {wanted.kind.lower()} {name}" if wanted else "get hpa"
        yield self._check(name, "autoscaler", look, faults.autoscaler(workload, wanted, self.found))
        if workload.settings.pod_disruption_budget.enabled:
            budget = "PodDisruptionBudget"
            yield self._object(
                name, "disruption budget", budget, name, lambda it: faults.disruption_budget(it, workload)
            )
        if workload.serves:
            yield from self._network(workload)

    def _deployment(self, workload: Workload) -> Iterator[Check]:
        name, look = workload.name, f"describe deployment {workload.name}"
        deployment = self.found.get("Deployment", name)
        wanted = at(deployment, "spec", "replicas")
        stuck = self._said("Deployment", name, lambda it: faults.rollout(it, wanted))
        scale = faults.replicas(deployment, workload) if deployment else ()
        yield self._pods(name, "available", look, selector(workload.release, workload.role), stuck, scale)
        if not deployment:
            return
        pod = part(deployment, "spec", "template", "spec")
        container = _container(pod, workload.component)
        yield self._check(name, "image", look, faults.differences({"image": workload.image}, container))
        yield self._check(name, "literal env", look, faults.literal_env(container, workload))
        yield self._check(name, "envFrom order", look, faults.env_layers(container, workload))
        yield self._secrets(name, "Secrets", workload.secrets)
        yield self._check(name, "identity", look, faults.identity(pod, workload))
        yield self._check(name, "placement", look, faults.placement(pod, workload))

    def _network(self, workload: Workload) -> Iterator[Check]:
        """How a workload is reached, from inside and from outside."""
        name, headless = workload.name, workload.component == "worker"
        yield self._service(name, selector(workload.release, workload.role), headless=headless)
        if not headless:
            answer = self.found.get(HEALTH, name)
            yield self._check(name, "health", f"describe deployment {name}", faults.health(answer))
        if workload.host:
            yield from self._way_in(name, workload.host)

    def _way_in(self, name: str, host: str) -> Iterator[Check]:
        """An Ingress with its certificate, or a Gateway's route: certificates are the Gateway's."""
        tls, gateway = self.settings.primary.tls, self.settings.primary.ingress.gateway
        if gateway:
            kind = "HTTPRoute"
            yield self._object(name, kind, kind, name, lambda it: faults.http_route(it, name, host, gateway))
            return
        secret = certificate(name, tls)
        wanted = [([host], secret)] if tls else []
        yield self._object(name, "Ingress", "Ingress", name, lambda it: faults.ingress(it, name, host, wanted))
        if tls and secret:
            missing = [] if self.found.get("Secret", secret) else [faults.no_certificate(secret, tls)]
            yield self._check(name, "certificate", f"describe ingress {name}", missing)

    def _namespace(self, *, ours: bool = True) -> Check:
        standard = self.settings.cluster.pod_security
        judge = faults.namespace if ours else faults.namespace_of_another
        name = self.found.name
        return self._object("", f"namespace {name}", "Namespace", name, lambda it: judge(it, standard))

    def _policies(self) -> Check:
        wanted = expectations.policies(self.settings)[self.found.name]
        found = faults.policies(self.found.all("NetworkPolicy"), wanted)
        return self._check("", "network policies", "get networkpolicies", found)

    def _job(self, subject: str, name: str) -> Check:
        stuck = self._said("Job", name, faults.completion)
        return self._pods(subject, "complete", f"describe job {name}", {JOB_NAME: name}, stuck)

    def _secrets(self, subject: str, question: str, names: Iterable[str]) -> Check:
        missing = (f"Secret {name} does not exist" for name in names if not self.found.get("Secret", name))
        return self._check(subject, question, "get secrets", missing)

    def _service(self, name: str, selected: Mapping[str, str], *, headless: bool) -> Check:
        question = "headless Service" if headless else "Service"
        return self._object(name, question, "Service", name, lambda it: faults.service(it, selected, headless=headless))

    def _nothing_else(self, expected: Mapping[str, AbstractSet[str]]) -> Check:
        """Whatever carries the label of this program and no setting asks for."""
        extra = (
            f"{kind} {name} is asked for by no setting"
            for kind, names in expected.items()
            for name, manifest in self.found.all(kind).items()
            if name not in names and at(manifest, "metadata", "labels", PART_OF) == "noxus"
        )
        look = f"get {','.join(expected).lower()} -l {PART_OF}=noxus"
        return self._check("", "nothing else", look, extra)

    def _own(self, kind: str, name: str, judge: _Judge) -> Check:
        """Check the one object of its kind that a release has."""
        return self._object("", kind, kind, name, judge)

    def _object(self, subject: str, question: str, kind: str, name: str, judge: _Judge) -> Check:
        """Check one object, which must exist."""
        return self._check(subject, question, f"describe {kind.lower()} {name}", self._said(kind, name, judge))

    def _pods(
        self,
        subject: str,
        question: str,
        look: str,
        labels: Mapping[str, str],
        stuck: Sequence[str],
        further: Iterable[str] = (),
    ) -> Check:
        """Check what runs pods. If it is stuck, its pods, which have these labels, say why and where to look."""
        why = list(explanations(self.found.labelled("Pod", labels), self.found.time)) if stuck else []
        found = [*further, *stuck, *(explanation.text for explanation in why)]
        return self._check(subject, question, why[0].look if why else look, found)

    def _said(self, kind: str, name: str, judge: _Judge) -> Sequence[str]:
        """What there is to say about one object, which must exist."""
        manifest = self.found.get(kind, name)
        return list(judge(manifest)) if manifest else [f"{kind} {name} does not exist"]

    def _check(self, subject: str, question: str, look: str, found: Iterable[str]) -> Check:
        """Sum up what was found; `look` is how kubectl shows more."""
        said = list(found)
        reason = f"{'; '.join(said)}; see `{self._kubectl(look)}`" if said else ""
        return Check(self.name, subject, question, _outcome(said), reason)

    def _kubectl(self, command: str) -> str:
        cluster = self.settings.cluster
        path = cluster.kubeconfig and str(kubeconfig.paths(cluster.kubeconfig)[0])
        options = {"--kubeconfig": path, "--context": cluster.context, "-n": self.found.name}
        words = [word for option, value in options.items() if value for word in (option, value)]
        return f"kubectl {shlex.join(words)} {command}"


def _outcome(said: Sequence[str]) -> Outcome:
    if not said:
        return "ok"
    return "note" if all(isinstance(sentence, faults.Note) for sentence in said) else "fail"


def _container(pod: Manifest, name: str) -> Manifest:
    return next((container for container in parts(pod, "containers") if container["name"] == name), part(None))
