"""What a reader of previews must know of resource types: which hold data, and what their properties mean."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tools.preview import Inputs
from tools.report.grant import Grant

ANY: Final = object()
"""Of a guard: it guards as long as it is there."""

Reader = Callable[[Inputs, str], Iterator[Grant]]
"""What a resource's inputs allow; the text is the resource's name."""


@dataclass(frozen=True, kw_only=True)
class Properties:
    """The types of one provider. Paths have `[]` for any position in a list; each names the setting that it follows."""

    holds: frozenset[str] = frozenset()
    """Types of what holds data, or keeps data from being deleted: what the program protects."""
    keeps: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """By type, numbers that are time or copies of data: a smaller one keeps less."""
    guards: Mapping[str, Mapping[str, tuple[object, str]]] = field(
        default_factory=dict[str, Mapping[str, tuple[object, str]]]
    )
    """By type, properties that guard data as long as they have this value."""
    restarts: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """By type, properties whose change restarts a data service or has its standby take over."""
    sizes: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """By type, properties that are paid for."""
    grants: Mapping[str, Reader] = field(default_factory=dict[str, Reader])
    """By type, what is allowed."""
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    """By type, the property that holds secret values."""
