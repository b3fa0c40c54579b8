"""The policy pack of this repository: rules that any Pulumi program of such a platform can be held to (docs/policy.md).

Leaves out Pulumi's own SDK of policies, which hides from a policy which values are secrets (docs/decisions/0017).
"""
