"""What the program asks of a stack's cloud, before anything is made: its section in the stack file answers."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from config.errors import Problem
from config.limits import NodeLimits
from config.network import EgressSettings
from config.section import Section
from config.store import Store


class CloudSettings(Section, ABC):
    """An account, a network and a cluster of one cloud, which exist already."""

    NODES: ClassVar[NodeLimits]
    """How long the cloud waits for pods before it takes their node."""

    DIRECT_HOSTS: ClassVar[tuple[str, ...]] = ()
    """Names of the cloud's own that pods reach without a proxy, beside the addresses of `egress`."""

    @property
    @abstractmethod
    def store(self) -> Store:
        """The cloud's own store of secrets, which this stack writes."""

    @property
    def egress(self) -> Mapping[str, EgressSettings]:
        """What pods must reach to use their identity and the cloud's services, where that is no public address."""
        return {}

    @property
    def bucket_cidrs(self) -> tuple[str, ...]:
        """Private addresses of a managed bucket. None: it is on the internet."""
        return ()

    @property
    def lacking_mark(self) -> str | None:
        """What to write where the stack does not mark ServiceAccounts as `store` needs it; None: it does."""
        return None

    @abstractmethod
    def problems(self, releases: Iterable[tuple[str, str]]) -> Iterator[Problem]:
        """Names that a part of the cloud refuses or keeps for itself: an update would stop there, half-way.

        `releases` are paths in the stack file with names.
        """
