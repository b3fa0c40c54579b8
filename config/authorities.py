"""Where pods find the certificates of private authorities, by the data service whose certificate they sign."""

from collections.abc import Mapping
from typing import Final

from config.connections import Service

CA_FOLDERS: Final[Mapping[Service, str]] = {"postgres": "/etc/noxus/postgres", "redis": "/etc/noxus/redis"}
CA_FILE: Final = "ca.crt"


def ca_file(service: Service) -> str:
    """Path in every pod."""
    return f"{CA_FOLDERS[service]}/{CA_FILE}"
