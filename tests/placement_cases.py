"""Blocks of pods' placement. tests/e2e/test_placement.py puts each to the API server."""

from typing import Any, Final

_ZONE: Final = "topology.kubernetes.io/zone"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_SPREAD: Final = {"maxSkew": 1, "topologyKey": _ZONE, "whenUnsatisfiable": "DoNotSchedule"}
_APP: Final = {"matchLabels": {"app": "x"}}


def node(*expressions: dict[str, Any]) -> dict[str, Any]:
    """An affinity that requires these expressions of a node."""
    term = {"matchExpressions": list(expressions)}
    return {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [term]}}}}


def near(kind: str, **term: Any) -> dict[str, Any]:
    """An affinity that requires one term of pods."""
    return {"affinity": {kind: {_REQUIRED: [{"topologyKey": _ZONE, **term}]}}}


def taint(**toleration: Any) -> dict[str, Any]:
    """One toleration."""
    return {"tolerations": [toleration]}


def spread(**constraint: Any) -> dict[str, Any]:
    """One spread constraint."""
    return {"topologySpreadConstraints": [{**_SPREAD, "labelSelector": _APP, **constraint}]}


TAKEN: Final[tuple[dict[str, Any], ...]] = (
    {"affinity": {}},
    node({"key": "disk", "operator": "In", "values": ["ssd", "nvme"]}),
    node({"key": "disk", "operator": "Exists"}, {"key": "cores", "operator": "Gt", "values": ["4"]}),
    {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [{}]}}}},
    {
        "affinity": {
            "nodeAffinity": {
                _PREFERRED: [
                    {
                        "weight": 100,
                        "preference": {
                            "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]
                        },
                    }
                ]
            }
        }
    },
    near("podAffinity", labelSelector=_APP, namespaces=["other"], namespaceSelector={}),
    near("podAntiAffinity", labelSelector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}),
    near("podAntiAffinity", labelSelector=_APP, matchLabelKeys=["pod-template-hash"]),
    {
        "affinity": {
            "podAntiAffinity": {
                _PREFERRED: [{"weight": 1, "podAffinityTerm": {"topologyKey": _ZONE, "labelSelector": _APP}}]
            }
        }
    },
    taint(operator="Exists"),
    taint(key="gpu", operator="Exists", effect="NoSchedule"),
    taint(key="gpu", value="true"),
    taint(key="example.com/gpu", operator="Equal", value="true", effect="NoExecute", tolerationSeconds=30),
    spread(),
    spread(whenUnsatisfiable="ScheduleAnyway", matchLabelKeys=["pod-template-hash"]),
    spread(minDomains=2, nodeAffinityPolicy="Honor", nodeTaintsPolicy="Ignore"),
    {"nodeSelector": {"disk": "ssd", "empty": ""}},
)

REFUSED: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"affinity": {"nodeAfinity": {}}}, "affinity.nodeAfinity: no such setting; did you mean nodeAffinity?"),
    (
        {"affinity": {"nodeAffinity": {"required": {}}}},
        f"affinity.nodeAffinity.required: no such setting; known are {_PREFERRED}, {_REQUIRED}",
    ),
    (
        {"affinity": {"nodeAffinity": {_REQUIRED: {}}}},
        f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms: required, not set",
    ),
    (
        {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": []}}}},
        f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms: must not be empty (got [])",
    ),
    (
        node({"key": "disk", "operator": "in", "values": ["ssd"]}),
        f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms.0.matchExpressions.0.operator: must be one of "
        "'In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt' or 'Lt' (got 'in')",
    ),
    (
        node({"key": "disk", "operator": "In"}),
        f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms.0.matchExpressions.0: operator In needs values, such as "
        'values: ["a"]',
    ),
    (
        node({"key": "disk", "operator": "Exists", "values": ["ssd"]}),
        f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms.0.matchExpressions.0: operator Exists takes no values; "
        "remove them, or write operator: In",
    ),
    (
        {"affinity": {"nodeAffinity": {_PREFERRED: [{"weight": 101, "preference": {}}]}}},
        f"affinity.nodeAffinity.{_PREFERRED}.0.weight: must be at most 100 (got 101)",
    ),
    (
        {"affinity": {"podAffinity": {_REQUIRED: [{"labelSelector": _APP}]}}},
        f"affinity.podAffinity.{_REQUIRED}.0.topologyKey: required, not set; for example topologyKey: "
        "kubernetes.io/hostname",
    ),
    (
        near("podAffinity", labelSelector={"matchLabel": {"app": "x"}}),
        f"affinity.podAffinity.{_REQUIRED}.0.labelSelector.matchLabel: no such setting; did you mean matchLabels?",
    ),
    (
        near("podAffinity", matchLabelKeys=["pod-template-hash"]),
        f"affinity.podAffinity.{_REQUIRED}.0: takes matchLabelKeys and mismatchLabelKeys with a labelSelector only; "
        "write one",
    ),
    (
        near("podAntiAffinity", labelSelector=_APP, matchLabelKeys=["x"], mismatchLabelKeys=["x"]),
        f"affinity.podAntiAffinity.{_REQUIRED}.0: says x in matchLabelKeys and in mismatchLabelKeys; remove one",
    ),
    (taint(operator="Equal", value="x"), "tolerations.0: needs a key, or operator: Exists to tolerate every taint"),
    (
        taint(key="gpu", operator="Exists", value="true"),
        "tolerations.0: takes a value with operator: Equal only; remove value",
    ),
    (
        taint(key="gpu", operator="exists"),
        "tolerations.0.operator: must be one of '', 'Equal', 'Exists', 'Lt' or 'Gt' (got 'exists')",
    ),
    (
        taint(key="gpu", operator="Exists", tolerationSeconds=5),
        "tolerations.0: takes tolerationSeconds with effect: NoExecute only",
    ),
    (
        taint(key="gpu", operator="Exists", effect="NoRun"),
        "tolerations.0.effect: must be one of '', 'NoSchedule', 'PreferNoSchedule' or 'NoExecute' (got 'NoRun')",
    ),
    (
        taint(key="gpu", val="true"),
        "tolerations.0.val: no such setting; did you mean value?",
    ),
    (spread(maxSkew=0), "topologySpreadConstraints.0.maxSkew: must be at least 1 (got 0)"),
    (
        spread(whenUnsatisfiable="Never"),
        "topologySpreadConstraints.0.whenUnsatisfiable: must be one of 'DoNotSchedule' or 'ScheduleAnyway' "
        "(got 'Never')",
    ),
    (
        spread(whenUnsatisfiable="ScheduleAnyway", minDomains=2),
        "topologySpreadConstraints.0: takes minDomains with whenUnsatisfiable: DoNotSchedule only",
    ),
    (
        {"topologySpreadConstraints": [{"maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}]},
        "topologySpreadConstraints.0.topologyKey: required, not set; for example topologyKey: "
        "topology.kubernetes.io/zone",
    ),
    (
        {"topologySpreadConstraints": [{**_SPREAD, "labelSelector": _APP}] * 2},
        "topologySpreadConstraints: must say once at most what happens for topology.kubernetes.io/zone with "
        "DoNotSchedule; remove one",
    ),
    (
        {"nodeSelector": {"disk": "very fast"}},
        "nodeSelector.disk: must be a label's value: letters, digits, '-', '_' and '.', at most 63 characters "
        "(got 'very fast')",
    ),
    (
        {"nodeSelector": {"a disk": "ssd"}},
        "nodeSelector.a disk: must be a label's name, such as topology.kubernetes.io/zone (got 'a disk')",
    ),
    (spread(selector=_APP), "topologySpreadConstraints.0.selector: no such setting; did you mean labelSelector?"),
)
"""A block, and what is said about it."""

HOLDS_NOWHERE: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    (
        node({"key": "cores", "operator": "Gt", "values": ["many"]}),
        f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms.0.matchExpressions.0: operator Gt takes one whole "
        'number, such as values: ["4"]',
    ),
)
"""The same, of blocks that the API server takes and no node satisfies."""
