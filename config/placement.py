"""Where pods run, in the words of a pod's manifest: affinity, tolerations and spread, as the API server takes them.

What Kubernetes would drop silently, such as a key that it does not know, is refused here; so is what it would refuse
after half of an update (kubernetes/pkg/apis/core/validation). tests/e2e/test_placement.py puts the cases to both.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from config.section import Section
from config.types import Label, LabelName, LabelValue, Text

Manifest = dict[str, JsonValue]

Weight = Annotated[int, Field(ge=1, le=100)]


class _Block(Section):
    """A part of a pod's manifest."""

    def manifest(self) -> Manifest:
        """As it is written, and nothing that is not."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class LabelRequirementSettings(_Block):
    """What a label of a pod or namespace must be."""

    key: LabelName
    """Name of the label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """`In` and `NotIn` take values, the others none."""
    values: tuple[LabelValue, ...] = ()
    """Values of the label."""

    @model_validator(mode="after")
    def _the_operator_has_its_values(self) -> Self:
        _check_values(self.operator, self.values)
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels satisfy it."""
        value = labels.get(self.key)
        return {
            "In": value in self.values,
            "NotIn": value not in self.values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[self.operator]


class LabelSelectorSettings(_Block):
    """Which pods or namespaces are meant, by their labels. Empty: all of them."""

    match_labels: Mapping[LabelName, LabelValue] = {}
    """Labels that they have."""
    match_expressions: tuple[LabelRequirementSettings, ...] = ()
    """What their labels must be besides."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it means something with these labels."""
        return self.match_labels.items() <= labels.items() and all(it.matches(labels) for it in self.match_expressions)


class NodeRequirementSettings(_Block):
    """What a label of a node must be."""

    key: LabelName
    """Name of the label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """`In` and `NotIn` take values, `Gt` and `Lt` one number, the others none."""
    values: tuple[LabelValue, ...] = ()
    """Values of the label, as text."""

    @model_validator(mode="after")
    def _the_operator_has_its_values(self) -> Self:
        if self.operator in ("Gt", "Lt"):
            if len(self.values) != 1 or not self.values[0].isdecimal():
                raise ValueError(f'operator {self.operator} takes one whole number, such as values: ["4"]')
        else:
            _check_values(self.operator, self.values)
        return self


class NodeFieldSettings(_Block):
    """Which node it must be, by name."""

    key: Literal["metadata.name"]
    """The only field that can be chosen by."""
    operator: Literal["In", "NotIn"]
    """Whether it must be this node or must not."""
    values: tuple[Text, ...] = Field(min_length=1, max_length=1)
    """One node's name."""


class NodeTermSettings(_Block):
    """Which nodes are meant: all of this must hold."""

    match_expressions: tuple[NodeRequirementSettings, ...] = ()
    """What their labels must be."""
    match_fields: tuple[NodeFieldSettings, ...] = ()
    """What they must be called."""


class NodeSelectorSettings(_Block):
    """Which nodes are meant."""

    node_selector_terms: tuple[NodeTermSettings, ...] = Field(min_length=1)
    """Alternatives, one of which must hold."""


class PreferredNodeSettings(_Block):
    """Nodes that are better than others."""

    weight: Weight
    """How much better, from 1 to 100."""
    preference: NodeTermSettings
    """Which nodes."""


class NodeAffinitySettings(_Block):
    """Nodes that the pods need or prefer."""

    required_during_scheduling_ignored_during_execution: NodeSelectorSettings | None = None
    """Nodes that the pods need."""
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredNodeSettings, ...] = ()
    """Nodes that they prefer."""


class PodTermSettings(_Block):
    """Pods to run near to, or away from."""

    topology_key: LabelName = Field(examples=["kubernetes.io/hostname"])
    """Label of nodes whose value says what is near."""
    label_selector: LabelSelectorSettings | None = None
    """Which pods. Unset: none, so that the term says nothing."""
    namespaces: tuple[Label, ...] = ()
    """Namespaces of those pods. Unset: the pool's own."""
    namespace_selector: LabelSelectorSettings | None = None
    """Namespaces besides, by their labels."""
    match_label_keys: tuple[LabelName, ...] = ()
    """Labels whose values must be the pod's own."""
    mismatch_label_keys: tuple[LabelName, ...] = ()
    """Labels whose values must not be the pod's own."""

    @model_validator(mode="after")
    def _a_label_is_said_once(self) -> Self:
        if (self.match_label_keys or self.mismatch_label_keys) and self.label_selector is None:
            raise ValueError("takes matchLabelKeys and mismatchLabelKeys with a labelSelector only; write one")
        if twice := set(self.match_label_keys) & set(self.mismatch_label_keys):
            raise ValueError(f"says {min(twice)} in matchLabelKeys and in mismatchLabelKeys; remove one")
        return self


class PreferredPodSettings(_Block):
    """Pods that are better to run near to, or away from."""

    weight: Weight
    """How much better, from 1 to 100."""
    pod_affinity_term: PodTermSettings
    """Which pods."""


class PodAffinitySettings(_Block):
    """Pods to run near to, or away from."""

    required_during_scheduling_ignored_during_execution: tuple[PodTermSettings, ...] = ()
    """What must hold."""
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredPodSettings, ...] = ()
    """What is better."""

    def terms(self) -> tuple[PodTermSettings, ...]:
        """Every term, required or preferred."""
        preferred = (it.pod_affinity_term for it in self.preferred_during_scheduling_ignored_during_execution)
        return (*self.required_during_scheduling_ignored_during_execution, *preferred)


class AffinitySettings(_Block):
    """Which nodes and neighbours the pods need or prefer."""

    node_affinity: NodeAffinitySettings | None = None
    """Nodes."""
    pod_affinity: PodAffinitySettings | None = None
    """Pods to run near to."""
    pod_anti_affinity: PodAffinitySettings | None = None
    """Pods to run away from."""


class TolerationSettings(_Block):
    """Taints of nodes that the pods tolerate."""

    key: LabelName | Literal[""] = ""
    """Key of the taint. Unset, with `operator: Exists`: all taints."""
    operator: Literal["", "Equal", "Exists", "Lt", "Gt"] = "Equal"
    """Whether the taint's value must be `value` or may be any; `Lt` and `Gt` only where Kubernetes has them enabled."""
    value: LabelValue = ""
    """Value of the taint."""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    """Effect of the taint. Unset: all effects."""
    toleration_seconds: int | None = None
    """Seconds that pods stay on a node with a taint of effect `NoExecute`. Unset: for ever."""

    @model_validator(mode="after")
    def _kubernetes_takes_it(self) -> Self:
        if not self.key and self.operator != "Exists":
            raise ValueError("needs a key, or operator: Exists to tolerate every taint")
        if self.operator == "Exists" and self.value:
            raise ValueError("takes a value with operator: Equal only; remove value")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("takes tolerationSeconds with effect: NoExecute only")
        return self


class SpreadSettings(_Block):
    """How evenly the pods spread over zones, nodes or other groups of nodes."""

    max_skew: int = Field(ge=1)
    """By how many pods two groups may differ."""
    topology_key: LabelName = Field(examples=["topology.kubernetes.io/zone"])
    """Label of nodes whose value says which group they are of."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """Whether a pod that would not fit waits."""
    label_selector: LabelSelectorSettings | None = None
    """Which pods are counted. Unset: those of the pool."""
    match_label_keys: tuple[LabelName, ...] = ()
    """Labels whose values must be the pod's own for another to be counted."""
    min_domains: int | None = Field(default=None, ge=1)
    """Fewest groups that count; with `whenUnsatisfiable: DoNotSchedule` only."""
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes that the pods' affinity leaves out count."""
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes with taints that the pods do not tolerate count."""

    @model_validator(mode="after")
    def _it_waits_for_domains(self) -> Self:
        if self.min_domains is not None and self.when_unsatisfiable != "DoNotSchedule":
            raise ValueError("takes minDomains with whenUnsatisfiable: DoNotSchedule only")
        return self

    def manifest_of(self, own: Mapping[str, str]) -> Manifest:
        """The block of pods with these labels, which it counts unless it says others."""
        return {"labelSelector": {"matchLabels": dict[str, JsonValue](own)}, **self.manifest()}


def _each_once(constraints: tuple[SpreadSettings, ...]) -> tuple[SpreadSettings, ...]:
    said = [(it.topology_key, it.when_unsatisfiable) for it in constraints]
    if repeated := [pair for pair in said if said.count(pair) > 1]:
        key, when = repeated[0]
        raise ValueError(f"must say once at most what happens for {key} with {when}; remove one")
    return constraints


SpreadConstraints = Annotated[tuple[SpreadSettings, ...], AfterValidator(_each_once)]
"""All spread constraints of a pod."""


def _check_values(operator: str, values: tuple[str, ...]) -> None:
    if operator in ("In", "NotIn") and not values:
        raise ValueError(f'operator {operator} needs values, such as values: ["a"]')
    if operator in ("Exists", "DoesNotExist") and values:
        raise ValueError(f"operator {operator} takes no values; remove them, or write operator: In")
