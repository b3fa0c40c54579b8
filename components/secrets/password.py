"""Passwords that the stack makes up."""

import pulumi
from pulumi_random import RandomPassword


def generated_password(
    name: str, opts: pulumi.ResourceOptions, length: int = 32, *, mixed: bool = False
) -> pulumi.Output[str]:
    """A password of 190 bits, made once and kept in the state. Alphanumeric, so that no URL has to encode it.

    `mixed`: with a digit, a capital and a small letter for certain, as some services demand. On a password that is
    there already it would make another one.
    """
    least = 1 if mixed else None
    password = RandomPassword(
        name, length=length, special=False, min_lower=least, min_upper=least, min_numeric=least, opts=opts
    )
    return pulumi.Output.secret(password.result)
