"""Whether it is said which cluster a stack deploys to."""

from collections.abc import Iterator

from checks.finding import Finding, error
from config import StackSettings


def protected_stacks_name_their_cluster(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a protected stack that would go wherever the current context happens to point."""
    if settings.protect and not settings.cluster.context and not settings.cluster.in_cluster:
        yield error(
            "cluster.context",
            "is not set, and a protected stack names its cluster: the current context may be another one tomorrow; "
            "write the name of the context (`kubectl config get-contexts`), or inCluster: true if the program runs in "
            "a pod of the cluster",
        )
