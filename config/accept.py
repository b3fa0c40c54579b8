"""What one change may do although a report holds it up: approvals in writing, next to the setting that needs them."""

from config.routing import Reason
from config.section import Section


class AcceptSettings(Section):
    """Why a change may do what `make report` holds up.

    A reason is spent once the change that brought it is deployed: the next one takes another. It changes nothing that
    is deployed.
    """

    data_loss: Reason | None = None
    """Why data, or what keeps it, may go."""
    gap: Reason | None = None
    """Why something may be deleted before it is made again."""
    permission_widened: Reason | None = None
    """Why somebody may do or reach more than before."""
    routing: Reason | None = None
    """Why tasks get other workers."""
    interruption: Reason | None = None
    """Why running tasks may be cut off."""
