"""Whether the platform and KEDA can do what the stack file says of an external Postgres."""

from collections.abc import Iterator
from urllib.parse import quote

from checks.finding import Finding, warning
from config import StackSettings
from config.data_services import ExternalPostgres
from config.references import referred


def the_way_to_postgres_is_told(settings: StackSettings) -> Iterator[Finding]:
    """Warn of what the platform is not told, and of what KEDA does not know."""
    postgres = settings.postgres
    if not isinstance(postgres, ExternalPostgres):
        return
    texts = [*settings.env.values(), *settings.primary.env.values()]
    named = frozenset[str]().union(*map(referred, texts))
    told = {"sslMode": postgres.verifies, "caFile": postgres.verifies and postgres.ca is not None}
    untold = [f"${{postgres.{part}}}" for part, wanted in told.items() if wanted and f"postgres.{part}" not in named]
    if untold and "postgres.url" not in named:
        yield warning(
            "env",
            f"refers to neither ${{postgres.url}} nor {' and '.join(untold)}, so the platform is not told how to "
            'verify the certificate of Postgres; write { <variable>: "${postgres.url}" } with the variable that it '
            "reads, whose name is not published",
        )
    if (owner := postgres.owner) != (encoded := quote(owner, safe="")):
        yield warning(
            "postgres.user" if postgres.user else "postgres.database",
            f"stands as {encoded} in POSTGRESQL_URL, and whether the platform decodes that is not published; "
            "try it, or log in as a role of letters, digits, '.', '_', '~' and '-'",
        )
    if settings.counts_tasks and postgres.ca and postgres.keda_ssl_mode.startswith("verify"):
        yield warning(
            "postgres.ca",
            "reaches no pod of KEDA's: mount the certificates in its operator's pod and set SSL_CERT_DIR there to "
            "their folder, which adds to the public authorities; or write scalerSslMode: require, which encrypts and "
            "does not verify",
        )
