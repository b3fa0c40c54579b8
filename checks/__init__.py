"""Questions about a whole configuration, each a pure function from settings to findings. Nothing here imports Pulumi.

A section's own rules live with the section in `config`; a check looks at several sections or several releases at once.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from checks.archive import (
    archive_settings_are_used,
    archived_runs_are_swept,
    archiving_is_on_where_data_matters,
    redis_holds_what_waits_for_the_bucket,
)
from checks.capacity.connections import connections_fit
from checks.capacity.pooler import the_pooler_is_told
from checks.capacity.quota import quotas_hold_every_pod
from checks.capacity.requests import workloads_request_memory
from checks.cloud import names_fit_the_cloud, the_cloud_is_described
from checks.cluster import protected_stacks_name_their_cluster
from checks.database_roles import database_roles_are_apart
from checks.effective_environment import overrides_are_known
from checks.environment import variables_have_one_source
from checks.finding import Finding
from checks.ingress import controllers_have_what_they_need, hosts_are_served_safely
from checks.interruption.drain import drains_are_possible, long_tasks_keep_their_nodes, tasks_are_delivered_once
from checks.interruption.spot import spot_nodes_suit_the_tasks
from checks.names import names_are_distinct, names_fit, namespaces_are_apart, secrets_keep_their_place
from checks.network import (
    policies_have_names_of_their_own,
    services_of_others_have_their_own_namespace,
    the_bucket_is_reached,
)
from checks.pods import (
    authorities_reach_the_pods,
    files_have_places_of_their_own,
    placement_is_about_pods_there_are,
    user_ids_have_one_source,
)
from checks.postgres import the_way_to_postgres_is_told
from checks.redis import the_way_to_redis_is_told
from checks.references import references_have_values
from checks.routing.identifiers import ids_are_known, ids_are_spelled_once
from checks.routing.isolation import isolated_tenants_are_apart, sharing_is_known
from checks.routing.served import every_task_is_served, pools_can_get_work
from checks.scaling.scalers import (
    keda_knows_what_to_count,
    pools_have_tasks_of_their_own,
    scalers_do_what_they_say,
    types_have_values,
    values_have_one_type,
)
from checks.scaling.timing import response_targets_are_kept
from checks.scaling.written_queries import queries_only_read
from checks.secrets import stores_are_read
from config import ConfigError, Problem, StackSettings

__all__ = ["CHECKS", "ROUTING", "Finding", "enforce", "findings"]

Check = Callable[[StackSettings], Iterator[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    archive_settings_are_used,
    archived_runs_are_swept,
    archiving_is_on_where_data_matters,
    authorities_reach_the_pods,
    connections_fit,
    controllers_have_what_they_need,
    database_roles_are_apart,
    drains_are_possible,
    every_task_is_served,
    files_have_places_of_their_own,
    hosts_are_served_safely,
    ids_are_known,
    ids_are_spelled_once,
    isolated_tenants_are_apart,
    keda_knows_what_to_count,
    long_tasks_keep_their_nodes,
    names_are_distinct,
    names_fit,
    names_fit_the_cloud,
    namespaces_are_apart,
    overrides_are_known,
    policies_have_names_of_their_own,
    services_of_others_have_their_own_namespace,
    pools_can_get_work,
    pools_have_tasks_of_their_own,
    protected_stacks_name_their_cluster,
    placement_is_about_pods_there_are,
    queries_only_read,
    quotas_hold_every_pod,
    redis_holds_what_waits_for_the_bucket,
    references_have_values,
    response_targets_are_kept,
    scalers_do_what_they_say,
    secrets_keep_their_place,
    sharing_is_known,
    spot_nodes_suit_the_tasks,
    stores_are_read,
    tasks_are_delivered_once,
    the_bucket_is_reached,
    the_cloud_is_described,
    the_pooler_is_told,
    the_way_to_postgres_is_told,
    the_way_to_redis_is_told,
    types_have_values,
    user_ids_have_one_source,
    values_have_one_type,
    variables_have_one_source,
    workloads_request_memory,
)


ROUTING: Final[tuple[Check, ...]] = (
    every_task_is_served,
    ids_are_known,
    ids_are_spelled_once,
    isolated_tenants_are_apart,
    pools_can_get_work,
    pools_have_tasks_of_their_own,
    sharing_is_known,
)
"""Those about who takes which task."""


def findings(settings: StackSettings, asked: Sequence[Check] = CHECKS) -> list[Finding]:
    """Ask checks, all of them unless some are named; errors first, then by path."""
    return sorted(finding for check in asked for finding in check(settings))


def enforce(settings: StackSettings, warn: Callable[[str], object]) -> None:
    """Hand every warning to `warn`, then raise `ConfigError` with all errors, if there are any."""
    found = findings(settings)
    for finding in found:
        if finding.severity == "warning":
            warn(f"{finding.path}: {finding.message}")
    errors = [Problem(finding.path, finding.message) for finding in found if finding.severity == "error"]
    if errors:
        raise ConfigError("The stack's configuration", errors)
