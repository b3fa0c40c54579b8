"""Names that follow from a release's name and that checks, components and tools must agree on."""

from config.connections import Service


def app_env_secret(release: str) -> str:
    """The Secret with the environment of every workload of a release (seed/workers.md, "Per-Pool Secrets")."""
    return f"{release}-app-env"


def credentials_secret(release: str) -> str:
    """The Secret with what the stack itself generated, beside an app-env that External Secrets writes."""
    return f"{release}-credentials"


def scaler_credential(release: str) -> str:
    """The Secret and the TriggerAuthentication that KEDA logs in to Postgres with."""
    return f"{release}-scaler"


def authority(release: str, service: Service) -> str:
    """The ConfigMap with the certificates of the private authority of a data service."""
    return f"{release}-{service}-ca"


def migrations_env(release: str) -> str:
    """The Secret that gives migrations the way past a pooler, over what all workloads are told."""
    return f"{release}-migrations-env"


SCALER_LOGIN = "SCALER_PASSWORD"
"""Key of KEDA's password in a release's entry, where this stack writes the entry; no workload reads it."""

MIGRATIONS = "migrations"
"""Role of the migrations' Job within the primary release."""

SCHEDULER = "scheduler"
"""Role of the scheduler within the primary release."""

POSTGRES_VARIABLES = frozenset({"POSTGRESQL_URL", "VECTOR_POSTGRESQL_URL"})
"""Those of the platform's own that name Postgres."""

PLATFORM_VARIABLES = (
    "ARCHIVE_BATCH_INTERVAL",
    "ARCHIVE_MODE",
    "POSTGRESQL_URL",
    "REDIS_PASSWORD",
    "REDIS_URL",
    "REDIS_USER",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "VECTOR_POSTGRESQL_URL",
)
"""What every workload is told under the platform's own names (platform.md sections 4.1 and 6)."""
