"""Whether what is said about pods' places says it about any pod."""

from collections.abc import Iterator

from checks.finding import Finding, warning
from config import StackSettings


def placement_is_about_pods_there_are(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a spread that counts other pods than the pool's, and of neighbours that are not named."""
    for path, name, release in settings.releases():
        for role, pool in release.enabled_pools.items():
            labels = {
                **release.identity.pod_labels,
                "app.kubernetes.io/name": role,
                "app.kubernetes.io/instance": name,
                "app.kubernetes.io/component": "worker",
                "app.kubernetes.io/part-of": "noxus",
                "app.kubernetes.io/managed-by": "pulumi",
            }
            for index, spread in enumerate(pool.topology_spread_constraints or ()):
                if spread.label_selector and not spread.label_selector.matches(labels):
                    yield warning(
                        f"{path}.pools.{role}.topologySpreadConstraints.{index}.labelSelector",
                        "does not match the pool's own pods, so it does not spread them; remove it to count them",
                    )
            near, apart = pool.affinity.pod_affinity, pool.affinity.pod_anti_affinity
            for kind, block in (("podAffinity", near), ("podAntiAffinity", apart)):
                for term in block.terms() if block else ():
                    if term.label_selector is None:
                        yield warning(
                            f"{path}.pools.{role}.affinity.{kind}",
                            f"says no labelSelector for {term.topology_key}, which means no pods at all; write one",
                        )
