"""Further rights of a release's role, in the words of IAM."""

import json
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, StringConstraints

from config.statements import Statement

_LONGEST: Final = 10_240 - 2_048
"""Characters of a role's inline policies without white space (IAM quotas), less the most that the stack's own take."""

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
    """What a release's role is allowed besides."""

    # Patterns, but for all objects of a bucket. The ARN of a key does not say what it encrypts.
    WIDE: ClassVar = re.compile(r"(iam|kms|organizations|sts):|(?!arn:[^*?]+:s3:::[^*?]+/\*$).*[*?]")

    actions: tuple[Action, ...] = Field(min_length=1, examples=["[bedrock:InvokeModel]"])
    """Actions, as `service:Action`. Whether AWS has one of that name is not known here."""
    resources: tuple[Arn, ...] = Field(min_length=1, examples=['["arn:aws:bedrock:eu-west-1::foundation-model/<id>"]'])
    """ARNs of what they are done with; `*` where an action knows no resource."""
    conditions: Mapping[Operator, Mapping[str, str | tuple[str, ...]]] = {}
    """When: operator, then condition key, then a value or several."""

    @property
    def document(self) -> dict[str, Any]:
        """The statement as IAM reads it."""
        allowed = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return {**allowed, **({"Condition": dict(self.conditions)} if self.conditions else {})}

    @property
    def key(self) -> str:
        """All of it, without white space."""
        return json.dumps(self.document, separators=(",", ":"))

    @property
    def parts(self) -> Sequence[str]:
        """Actions and resources."""
        return (*self.actions, *self.resources)

    def reaches(self, own: str) -> bool:
        """Whether an action of its service is allowed with it, in any account: a service, then a name or a pattern."""
        service, _, name = own.partition(":")
        acts = any(action.partition(":")[0] in (service, "*") for action in self.actions)
        return acts and any(_meets(resource.split(":", 5)[-1], name) for resource in self.resources)


def _meets(pattern: str, own: str) -> bool:
    """Whether a name can match both. To an `own` with a `*` at its end, any tail will do that `pattern` leaves."""
    literal = own.removesuffix("*")
    ends = range(len(pattern) + 1) if own != literal else (len(pattern),)
    return any(fnmatchcase(literal, pattern[:end]) for end in ends)


def _fit(statements: tuple[AwsStatement, ...]) -> tuple[AwsStatement, ...]:
    if (size := sum(len(statement.key) for statement in statements)) > _LONGEST:
        raise ValueError(f"is a policy of {size} characters, and IAM takes {_LONGEST} beside the stack's; name less")
    return statements


AwsStatements = Annotated[tuple[AwsStatement, ...], AfterValidator(_fit)]
