"""Whether what is said about pods can hold: their places, their files and their user ids."""

from collections.abc import Iterator

from checks.finding import Finding, error, warning
from config import StackSettings
from config.pods import AUTHORITY_VARIABLES, PlacementSettings


def placement_is_about_pods_there_are(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a spread that counts other pods than the workload's, and of neighbours that are not named."""
    for path, release, own in settings.releases():
        for place, workload in own.runs.items():
            role = place.rpartition(".")[2]
            labels = {
                **own.identity.pod_labels,
                **workload.pod_labels,
                "app.kubernetes.io/name": role,
                "app.kubernetes.io/instance": release,
                "app.kubernetes.io/component": "worker" if role != place else role,
                "app.kubernetes.io/part-of": "noxus",
                "app.kubernetes.io/managed-by": "pulumi",
            }
            for index, spread in enumerate(workload.topology_spread_constraints or ()):
                if spread.label_selector and not spread.label_selector.matches(labels):
                    yield warning(
                        f"{path}.{place}.topologySpreadConstraints.{index}.labelSelector",
                        "does not match the pods themselves, so it does not spread them; remove it to count them",
                    )
            yield from _neighbours(f"{path}.{place}", workload)


def _neighbours(path: str, workload: PlacementSettings) -> Iterator[Finding]:
    near, apart = workload.affinity.pod_affinity, workload.affinity.pod_anti_affinity
    for kind, block in (("podAffinity", near), ("podAntiAffinity", apart)):
        for term in block.terms() if block else ():
            if term.label_selector is None:
                yield warning(
                    f"{path}.affinity.{kind}",
                    f"says no labelSelector for {term.topology_key}, which means no pods at all; write one",
                )


def files_have_places_of_their_own(settings: StackSettings) -> Iterator[Finding]:
    """Refuse two volumes in one place, which the API server refuses after half of an update."""
    for path, _, own in settings.releases():
        for place, workload in own.runs.items():
            seen: dict[str, str] = {}
            for name, volume in workload.volumes.items():
                if (other := seen.setdefault(volume.mount_path.rstrip("/"), name)) != name:
                    yield error(
                        f"{path}.{place}.volumes.{name}.mountPath",
                        f"is {volume.mount_path}, and so is that of {other}; write another folder",
                    )


def authorities_reach_the_pods(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a shared variable in whose place a private authority puts its own path."""
    for path, _, own in settings.releases():
        trusting = [place for place, workload in own.runs.items() if workload.certificate_authority]
        shared = {"env": settings.env, "secretEnv": settings.secret_env, f"{path}.env": own.env}
        for source, variables in shared.items():
            for variable in sorted(variables.keys() & set(AUTHORITY_VARIABLES)) if trusting else ():
                yield error(
                    f"{source}.{variable}",
                    f"has no effect on {path}.{trusting[0]}, whose certificateAuthority sets it; remove one of the two",
                )


def user_ids_have_one_source(settings: StackSettings) -> Iterator[Finding]:
    """Refuse user ids where OpenShift gives them."""
    written = {"images": settings.images.run_as_user}
    for path, _, own in settings.releases():
        written |= {f"{path}.{place}": workload.run_as_user for place, workload in own.runs.items()}
    for path, user in written.items() if settings.cluster.openshift else ():
        if user is not None:
            yield error(
                f"{path}.runAsUser", f"is {user}, and cluster.openshift leaves user ids to the cluster; remove one"
            )
