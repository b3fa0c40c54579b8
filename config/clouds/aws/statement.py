"""Further rights of a release's role, in the words of IAM."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints

from config.statements import Statement

_POLICY_CHARACTERS: Final = 10_240 - 2_048
"""Longest of all inline policies of a role together, without white space (IAM quotas), less what the stack's own takes
at most."""

_OF_IDENTITIES_AND_KEYS: Final = frozenset({"iam", "kms", "organizations", "sts"})
"""Services whose actions can lead to further rights. The ARN of a key does not say what it encrypts."""

_NARROW_ENDINGS: Final = {"s3": "/*", "secretsmanager": "-??????"}
"""Patterns that the stack's own rights have: the objects of a bucket, and what AWS adds to the name of a secret."""

_OPERATOR: Final = (
    r"^(For(All|Any)Values:)?((String|Arn)(Not)?(Equals|Like)|String(Not)?EqualsIgnoreCase|Bool|BinaryEquals|Null"
    r"|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|(Not)?IpAddress)(IfExists)?$"
)

Action = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$")]
Arn = Annotated[
    str, StringConstraints(pattern=r"^(\*|arn:(aws|aws-us-gov):[a-z0-9-]+:[a-z0-9*-]*:([0-9]{12}|\*)?:[^\s$\[]+)$")
]
Operator = Annotated[str, StringConstraints(pattern=_OPERATOR)]


class AwsStatement(Statement):
    """What the role of a release may do besides: `Allow`, in a policy of its own. Conditions can but narrow it."""

    actions: tuple[Action, ...] = Field(min_length=1, examples=[["bedrock:InvokeModel"]])
    """IAM actions, as `service:Action`. Whether AWS has one of that name is not known here."""
    resources: tuple[Arn, ...] = Field(
        min_length=1, examples=[["arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"]]
    )
    """ARNs of what they are done with. `*` where an action knows no resource."""
    conditions: Mapping[Operator, Mapping[str, str | tuple[str, ...]]] = Field(
        default={}, examples=['{ StringEquals: { "aws:RequestedRegion": eu-west-1 } }']
    )
    """When: operator, then condition key, then one value or several."""

    @property
    def document(self) -> dict[str, Any]:
        """The statement as IAM reads it."""
        allowed = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return {**allowed, **({"Condition": dict(self.conditions)} if self.conditions else {})}

    def breadths(self) -> Iterator[str]:
        """Patterns, and rights that lead to others."""
        for action in self.actions:
            if "*" in action or "?" in action:
                yield f"allows {action}, which is a pattern; name each action"
            elif action.partition(":")[0] in _OF_IDENTITIES_AND_KEYS:
                yield f"allows {action}, which can lead to further rights; leave it out"
        for resource in self.resources:
            service = resource.split(":")[2] if ":" in resource else ""
            rest = resource.removesuffix(_NARROW_ENDINGS.get(service, ""))
            if "*" in rest or "?" in rest:
                yield f"is about {resource}, which is a pattern; name each resource"

    def reaches(self, own: str) -> bool:
        """Whether an action of the service of `own`, an ARN that may end with `*`, is allowed with it."""
        service = own.split(":")[2]
        acts = any(action.partition(":")[0] in (service, "*") for action in self.actions)
        return acts and any(_meets(resource, own) for resource in self.resources)


def _meets(pattern: str, own: str) -> bool:
    """Whether some ARN matches both: to `own` with a `*` at its end, any tail will do that the pattern leaves."""
    literal = own.removesuffix("*")
    ends = range(len(pattern) + 1) if own.endswith("*") else (len(pattern),)
    return any(fnmatchcase(literal, pattern[:end]) for end in ends)


def _fit(statements: tuple[AwsStatement, ...]) -> tuple[AwsStatement, ...]:
    size = len(json.dumps([statement.document for statement in statements], separators=(",", ":")))
    if size > _POLICY_CHARACTERS:
        raise ValueError(
            f"has {size} characters as a policy, and IAM leaves {_POLICY_CHARACTERS} to it in a role; join statements "
            "or give fewer rights"
        )
    return statements


AwsStatements = Annotated[tuple[AwsStatement, ...], AfterValidator(_fit)]
