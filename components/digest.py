"""Checksums of values, for the annotations that roll pods when what they read has changed."""

import hashlib
import json
from collections.abc import Mapping

import pulumi


def digest(values: Mapping[str, pulumi.Input[object]]) -> pulumi.Output[str]:
    """SHA-256 of all values as plain text, also where some are secret: give it at least one that cannot be guessed."""
    return pulumi.Output.unsecret(pulumi.Output.from_input(dict(values)).apply(_sha256))


def _sha256(values: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
