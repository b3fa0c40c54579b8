"""Passwords that the stack makes up."""

import pulumi
from pulumi_random import RandomPassword


def generated_password(name: str, opts: pulumi.ResourceOptions, length: int = 32) -> pulumi.Output[str]:
    """A password of 190 bits, made once and kept in the state. Alphanumeric, so that no URL has to encode it."""
    return pulumi.Output.secret(RandomPassword(name, length=length, special=False, opts=opts).result)
