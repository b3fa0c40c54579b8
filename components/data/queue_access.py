"""What lets KEDA count tasks: the right to read the queue's table, and the index that makes a count cheap.

A Job after the migrations, which make the table. No workload waits for it: where the platform makes its tables when it
starts, the Job waits for the platform.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.batch.v1 import Job

from checks.scaling.sql import INDEX_PREFIX, create_index, grant_reading, index_name, revoke_reading, table
from components.data.database_setup import INSTANCE, DatabaseSetup, DatabaseSetupArgs, setup_pods
from components.kubernetes.labels import labels
from components.workloads.workload import REPLACE_UNREADY
from config.scaling import QueueSettings

TYPE: Final = "noxus:components:QueueAccess"

AFTER: Final = "noxus.ai/after"
"""Pod annotation with the migrations that ran before: others may have made the table anew, so the Job runs again."""

SCRIPT: Final = """\
# Names are quoted in the variables already; psql puts nothing into quoted text.
attempt=0
until [ "$(psql --no-psqlrc --tuples-only --no-align --dbname="$DATABASE_NAME" <<'SQL'
\\getenv queue QUEUE_TABLE
SELECT to_regclass(:'queue') IS NOT NULL;
SQL
)" = t ]; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt "$TABLE_ATTEMPTS" ] || { echo "there is no table $QUEUE_TABLE in $DATABASE_NAME: neither the \
migrations nor the platform made it; see scaling.queue.table" >&2; exit 1; }
  sleep 5
done
printf '%s\\n' "$RIGHTS" "$INDEX" | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$DATABASE_NAME"
psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$DATABASE_NAME" <<'SQL'
\\getenv queue QUEUE_TABLE
SELECT 'KEDA counts no row that row level security hides: give its role a policy' FROM pg_class
  WHERE oid = to_regclass(:'queue') AND relrowsecurity;
SQL
echo "the queue can be counted"
"""
"""After `WAIT`. Needs what `setup_pod` gives, and `QUEUE_TABLE`, `TABLE_ATTEMPTS`, `RIGHTS` and `INDEX`."""

_DROP_OURS: Final = (
    "SELECT format('DROP INDEX CONCURRENTLY %s', indexrelid::regclass) FROM pg_index "
    "JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE indrelid = to_regclass(:'queue') AND starts_with(relname, :'prefix') AND "
)
"""Of the indexes that this file has made, those for which the condition that follows holds."""

_TABLE_ATTEMPTS: Final = 60
_TIMEOUT_SECONDS: Final = 900
_AWAIT_MARGIN_SECONDS: Final = 60
_RETRIES: Final = 1


def rights(queue: QueueSettings, role: str, owner: str, *, only: bool) -> str:
    """SQL that gives the role its rights, in one transaction; `only`: and takes every other table away."""
    taken = f"{revoke_reading(role, owner)}\n" if only else ""
    return f"BEGIN;\n{taken}{grant_reading(queue, role)}\nCOMMIT;"


def index(queue: QueueSettings) -> str:
    """SQL that makes the index if it is not there, and removes those of earlier definitions and of broken attempts."""
    outdated = f"relname <> '{index_name(queue)}'"
    return "\n".join(
        (
            "\\getenv queue QUEUE_TABLE",
            f"\\set prefix {INDEX_PREFIX}",
            f"{_DROP_OURS}NOT indisvalid \\gexec",
            create_index(queue),
            f"{_DROP_OURS}{outdated} \\gexec",
        )
    )


@dataclass(frozen=True, kw_only=True)
class QueueAccessArgs:
    """What a `QueueAccess` needs."""

    database: DatabaseSetupArgs
    secret: pulumi.Input[str]
    """Name of the Secret with the administrator's password."""
    queue: QueueSettings
    only: bool
    """Whether KEDA's role may read nothing else."""
    migrations: str
    """Name of the migrations' run that came before; empty: there are none."""
    after: Sequence[pulumi.Resource]
    """What makes the table."""


class QueueAccess(pulumi.ComponentResource):
    """The Job. Its pods go the way to Postgres that the database's set-up has opened."""

    def __init__(self, name: str, args: QueueAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        namespace, postgres = args.database.namespace, args.database.postgres
        described = labels(INSTANCE, DatabaseSetup.NAME, "job")
        variables = {
            "QUEUE_TABLE": table(args.queue),
            "TABLE_ATTEMPTS": str(_TABLE_ATTEMPTS),
            "RIGHTS": rights(args.queue, postgres.scaler_user, postgres.user, only=args.only),
            "INDEX": index(args.queue) if args.queue.create_index else "",
        }
        Job(
            namespace.key(name),
            metadata=namespace.metadata(name, labels=described, annotations={REPLACE_UNREADY: "true"}),
            spec={
                "backoff_limit": _RETRIES,
                "active_deadline_seconds": _TIMEOUT_SECONDS,
                "template": setup_pods(
                    args.database, args.secret, SCRIPT, variables, annotations={AFTER: args.migrations}
                ),
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*args.after],
                custom_timeouts=pulumi.CustomTimeouts(create=f"{_TIMEOUT_SECONDS + _AWAIT_MARGIN_SECONDS}s"),
            ),
        )
        self.register_outputs({})
