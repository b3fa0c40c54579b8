"""Digests of values, for what anybody may read and what must change with them: pod annotations, marks, names."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Digests:
    """Digests under the stack's own salt: whoever reads one cannot test guesses of a secret against it."""

    salt: pulumi.Output[str]
    """Made once and kept in the state, so that the same values have the same digest in every update."""

    def of(self, values: Mapping[str, pulumi.Input[object]]) -> pulumi.Output[str]:
        """HMAC-SHA-256 of all values, as plain text, also where some are secret."""
        return pulumi.Output.unsecret(pulumi.Output.all(salt=self.salt, values=dict(values)).apply(_hmac))


def _hmac(known: dict[str, object]) -> str:
    text = json.dumps(known["values"], sort_keys=True)
    return hmac.new(str(known["salt"]).encode(), text.encode(), hashlib.sha256).hexdigest()
