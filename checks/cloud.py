"""Whether what a stack makes in its cloud can be made there under its names."""

from collections.abc import Iterator

from checks.finding import Finding, error
from config import StackSettings
from config.names import PLATFORM_VARIABLES, SCALER_LOGIN


def the_cloud_is_described(settings: StackSettings) -> Iterator[Finding]:
    """Refuse what needs a cloud where there is none."""
    if settings.account is None and settings.secrets.external and settings.secrets.store is None:
        yield error(
            "secrets.store",
            "is not set, and backend externalSecrets reads one; write one, such as { type: vault, "
            "server: https://vault.example.com:8200 }",
        )


def names_fit_the_cloud(settings: StackSettings) -> Iterator[Finding]:
    """Refuse names that a part of the cloud refuses, and secret keys with the name of what the stack writes."""
    if settings.account is None:
        return
    for problem in settings.account.problems((path, release) for path, release, _ in settings.releases()):
        yield error(problem.path, problem.message)
    for path, _, release in settings.releases():
        keys = [statement.key for statement in release.identity.statements]
        for number, statement in enumerate(release.identity.statements):
            place = f"{path}.identity.statements.{number}"
            if own := next(filter(statement.reaches, settings.own_things), None):
                yield error(place, f"reaches {own}, on which the stack gives each release its rights; name another")
            if statement.key in keys[:number]:
                yield error(place, "gives what a statement before it gives already; remove one")
    if settings.writes_entries:
        for path, key in settings.secret_keys():
            if key in (*PLATFORM_VARIABLES, SCALER_LOGIN):
                yield error(path, f"names the key {key!r}, under which the stack writes its own; choose another")
