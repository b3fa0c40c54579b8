"""What every store of secrets can say that External Secrets reads."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from config.section import Section


@dataclass(frozen=True)
class Reader:
    """A release as a store knows it."""

    release: str
    account: Mapping[str, Any]
    """The reference to its ServiceAccount, as External Secrets takes it."""


class Store(Section, ABC):
    """A store that a release reads under its own ServiceAccount."""

    READER_MARK: ClassVar[str | None] = None
    """Annotation by which a ServiceAccount says who it is to the store; None where the store knows the account."""
    DOUBLED_MARK: ClassVar[str | None] = None
    """Annotation that repeats what the store's settings say, which its reader refuses; None: there is none."""

    @abstractmethod
    def provider(self, reader: Reader) -> dict[str, Any]:
        """The `provider` of a SecretStore of External Secrets."""
