"""The classes of risk, worst first: what each means, whether it needs an approval, and its exit code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Class = Literal[
    "dataLoss",
    "gap",
    "permissionWidened",
    "routing",
    "interruption",
    "permissionNarrowed",
    "scaling",
    "secretRotated",
    "cost",
    "harmless",
]


@dataclass(frozen=True)
class Kind:
    """One class."""

    title: str
    meaning: str
    """What is in it, for the heading of a table."""
    code: int
    """Exit code of a report whose worst finding is of it; a higher one is worse."""
    held: bool = False
    """Whether every finding of it needs an approval. Of interruptions only those do that cut tasks off."""


KINDS: Final[Mapping[Class, Kind]] = {
    "dataLoss": Kind("Data loss", "data, or what keeps it, goes", 19, held=True),
    "gap": Kind("Gap", "deleted before it is made again", 18, held=True),
    "permissionWidened": Kind("Permission widened", "somebody may do, read or reach more", 17, held=True),
    "routing": Kind("Routing", "tasks get other workers", 16, held=True),
    "interruption": Kind("Interruption", "pods and services that restart or end", 15),
    "permissionNarrowed": Kind("Permission narrowed", "somebody may do, read or reach less", 14),
    "scaling": Kind("Scaling", "how many workers there are, and why", 13),
    "secretRotated": Kind("Secret rotated", "values that changed; none is shown", 12),
    "cost": Kind("Cost", "what is paid for by its size or number; no prices", 11),
    "harmless": Kind("Harmless", "the rest", 10),
}
