"""Pods: what every one of them can be told, once for the whole stack, for a release, and for a single workload."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Self, TypeVar, cast

from pydantic import AfterValidator, Field, model_validator

from config.network import EgressSettings
from config.placement import AffinitySettings, SpreadConstraints, TolerationSettings
from config.section import Section
from config.types import AnnotationName, ConfigMapKey, Label, LabelName, LabelValue, MountPath, ObjectName, Text

AUTHORITY_VOLUME: Final = "authority"
AUTHORITY_FOLDER: Final = "/etc/noxus/authority"
"""Where pods find the certificates of a private authority."""

AUTHORITY_VARIABLES: Final = (
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)
"""Who reads them: curl, Node.js, requests and botocore, and OpenSSL with all that asks it for its default file."""

_T = TypeVar("_T")
_S = TypeVar("_S", bound=Section)

_RESERVED: Final = re.compile(
    r"noxus\.ai/.*|app\.kubernetes\.io/(name|instance|component|part-of|managed-by)|authority|[a-z]+-ca"
)
"""Labels, annotations and volumes of pods that this program writes itself."""


def _none_of_ours(entries: Mapping[str, _T]) -> Mapping[str, _T]:
    if ours := sorted(filter(_RESERVED.fullmatch, entries)):
        raise ValueError(f"must not say {ours[0]}, which this program writes itself; take another name")
    return entries


PodAnnotations = Annotated[Mapping[AnnotationName, Text], AfterValidator(_none_of_ours)]
PodLabels = Annotated[Mapping[LabelName, LabelValue], AfterValidator(_none_of_ours)]


class PlacementSettings(Section):
    """Where pods run and what is written on them: in-cluster data services and set-up Jobs take this much."""

    affinity: AffinitySettings = AffinitySettings()
    """Affinity of the pods, as in a pod's manifest."""
    node_selector: Mapping[LabelName, LabelValue] = {}
    """Labels that a node must have."""
    tolerations: tuple[TolerationSettings, ...] = ()
    """Taints that the pods tolerate, as in a pod's manifest."""
    topology_spread_constraints: SpreadConstraints | None = None
    """How the pods spread over zones and nodes, as in a pod's manifest. Unset: evenly where possible; []: anyhow."""
    priority_class_name: ObjectName | None = None
    """PriorityClass of the pods, which exists. Unset: the cluster's default."""
    pod_annotations: PodAnnotations = Field(default={})
    """Further annotations of the pods."""
    pod_labels: PodLabels = Field(default={})
    """Further labels of the pods."""
    egress: Mapping[Label, EgressSettings] = {}
    """What the pods may reach besides, by a name for each: a mesh, traces, mail. A policy is `<workload>-to-<name>`,
    and `pods-to-<name>` for every pod where `pods` says it. Nothing that a wider level says is taken away."""


class FileSource(Section):
    """A ConfigMap or a Secret of the release's namespace, which exists."""

    config_map: ObjectName | None = None
    """Name of the ConfigMap."""
    secret: ObjectName | None = None
    """Name of the Secret."""

    @model_validator(mode="after")
    def _one_is_named(self) -> Self:
        if (self.config_map is None) == (self.secret is None):
            raise ValueError("takes either configMap or secret, such as configMap: company-ca")
        return self


class AuthoritySettings(FileSource):
    """A private certificate authority, which the pods trust."""

    key: ConfigMapKey = "ca.crt"
    """Key of the certificates as PEM. Most libraries then trust these alone: put the public ones in as well."""


class VolumeSettings(FileSource):
    """Files of a ConfigMap or Secret, one for each key."""

    mount_path: MountPath = Field(examples=["/etc/company"])
    """Folder in which the containers find them, read-only."""


class ProbeSettings(Section):
    """How often a container is asked whether it is well, and how long it may take to answer."""

    period_seconds: int | None = Field(default=None, ge=1)
    """Seconds between two questions."""
    timeout_seconds: int | None = Field(default=None, ge=1)
    """Seconds after which no answer counts as a failure."""
    failure_threshold: int | None = Field(default=None, ge=1)
    """Failures in a row after which the container counts as unwell."""


class ProbesSettings(Section):
    """The questions that a kubelet asks. How long a start may take, a workload says in `startupSeconds`."""

    readiness: ProbeSettings = ProbeSettings()
    """Whether it takes requests. Unset: every 10 s, answered within 1 s, three failures."""
    liveness: ProbeSettings = ProbeSettings()
    """Whether it must start again. Unset: every 20 s, answered within 5 s, six failures; of a command 30, 10, three."""


class PodSettings(PlacementSettings):
    """What pods can be told: by `pods` of the stack, by `pods` of a release, and by a workload itself.

    The narrower one wins, also with an empty value. Annotations, labels and volumes of all three come together. Data
    services in the cluster and set-up Jobs take the first eight settings.
    """

    run_as_user: int | None = Field(default=None, ge=1)
    """User id of the containers. Unset: `images.runAsUser`."""
    certificate_authority: AuthoritySettings | None = None
    """Private certificate authority, named to the pods in the variables that most libraries read."""
    volumes: Annotated[Mapping[Label, VolumeSettings], AfterValidator(_none_of_ours)] = {}
    """Files of ConfigMaps and Secrets in the containers, by a name for each."""
    probes: ProbesSettings = ProbesSettings()
    """How often containers are asked whether they are well."""

    @property
    def authority_env(self) -> dict[str, str]:
        """Variables by which libraries find the certificates of the private authority, if there is one."""
        authority = self.certificate_authority
        return dict.fromkeys(AUTHORITY_VARIABLES, f"{AUTHORITY_FOLDER}/{authority.key}") if authority else {}


_TOGETHER: Final = ("pod_annotations", "pod_labels", "volumes")
"""Settings whose entries of all levels come together."""

_LEVEL: Final = "pods"
_NOTHING: Final = PodSettings()
_P = TypeVar("_P", bound=PlacementSettings)


def inherited(section: _S, above: PodSettings = _NOTHING) -> _S:
    """A section in which all workloads say themselves what `pods` says for them."""
    level = getattr(section, _LEVEL, None)
    above = _over(above, level) if isinstance(level, PodSettings) else above
    changed = {
        name: new
        for name in type(section).model_fields
        if name != _LEVEL and (new := _inherited(value := getattr(section, name), above)) is not value
    }
    section = section.model_copy(update=changed) if changed else section
    return _over(above, section) if isinstance(section, PlacementSettings) else section


def _inherited(value: object, above: PodSettings) -> object:
    if isinstance(value, Section):
        return inherited(value, above)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        changed = {key: new for key, item in items.items() if (new := _inherited(item, above)) is not item}
        return {**items, **changed} if changed else items
    return value


def _over(above: PlacementSettings, own: _P) -> _P:
    """What a narrower level says, and of the wider one what the narrower is silent about."""
    known = type(own).model_fields.keys() & above.model_fields_set - {"egress"}  # one policy is for all pods
    silent = {name: getattr(above, name) for name in known - own.model_fields_set}
    both = {name: {**getattr(above, name), **getattr(own, name)} for name in _TOGETHER if name in known}
    return own.model_copy(update={**silent, **both}) if silent or both else own
