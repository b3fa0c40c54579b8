"""A real Pulumi engine and a real Kubernetes control plane on a machine that has neither.

What stands in for something is said where it is used: `engine` for the language host and the plugins, `stages.yaml` for
nodes and pods. Nothing of the product imports this package; tests and `make` do.
"""

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent


class SandboxError(Exception):
    """What a user can do something about: one message, shown without a stack trace."""
