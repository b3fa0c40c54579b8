"""An AWS account, network and EKS cluster that exist already, by id."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config.clouds.aws.store import AwsSecretsManagerStore
from config.clouds.cloud import CloudSettings
from config.clouds.nodes import EC2_NOTICE
from config.errors import Problem
from config.limits import NodeLimits
from config.network import EgressSettings
from config.permanent import RESTORE, Permanent
from config.types import Cidr

_PROVIDER: Final = re.compile(r"arn:(aws|aws-us-gov):iam::([0-9]{12}):oidc-provider/(.+)")

_AGENT: Final = {"pod-identity": "169.254.170.23/32", "pod-identity-v6": "fd00:ec2::23/128"}
"""Where EKS Pod Identity's agent listens, on port 80 (EKS User Guide, "How EKS Pod Identity works")."""

UPDATE_SECONDS: Final = 900
"""How long an update of a managed node group waits for a node's pods (EKS, "Understand each phase of node updates")."""

_ROLE_NAME_LIMIT: Final = 64
"""Longest name of an IAM role, in characters (IAM quotas)."""

SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]+$")]
TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=256)]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]+$")]


class AwsSettings(CloudSettings):
    """Where on AWS the stack lives. All of it exists already; the stack makes data services, roles and keys in it."""

    NODES: ClassVar[NodeLimits] = NodeLimits(
        UPDATE_SECONDS,
        f"an update of an EKS managed node group waits {UPDATE_SECONDS} s, then it fails or, if forced, cuts off",
        EC2_NOTICE,
    )

    name: Annotated[str, Permanent(f"everything in the account is named after it; {RESTORE}")] = Field(
        pattern=r"^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$", examples=["noxus-prod"]
    )
    """First part of the names of everything that the stack makes in the account, at most 30 characters. It never
    changes: most names are identities."""
    region: Annotated[str, Permanent(f"data does not move between regions; {RESTORE}")] = Field(
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", examples=["eu-west-1"]
    )
    """Region of the cluster and of everything that is made."""
    vpc_id: Annotated[str, Permanent(f"data services do not move between networks; {RESTORE}")] = Field(
        pattern=r"^vpc-[0-9a-f]+$", examples=["vpc-0123abcd"]
    )
    """The cluster's VPC."""
    vpc_cidr: Cidr = Field(examples=["10.20.0.0/16"])
    """Its addresses."""
    subnet_ids: tuple[SubnetId, ...] = Field(min_length=2, examples=[["subnet-0a", "subnet-0b"]])
    """Private subnets for Postgres and Redis, in two availability zones or more."""
    subnet_cidrs: tuple[Cidr, ...] = ()
    """Addresses of those subnets, to which network policies then limit Postgres and Redis. None: all of the VPC."""
    cluster_security_group_id: SecurityGroupId = Field(examples=["sg-0123abcd"])
    """The EKS cluster's own security group, which reaches Postgres and Redis."""
    client_security_group_ids: tuple[SecurityGroupId, ...] = Field(default=(), examples=[["sg-0456cdef"]])
    """Security groups that reach Postgres and Redis as well: those of nodes or pods that do not have the cluster's own.
    The node groups of the usual Terraform module (`terraform-aws-modules/eks`) are among them."""
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653] = 90
    """Days for which CloudWatch keeps the logs of Postgres."""
    oidc_provider_arn: str = Field(
        pattern=_PROVIDER.pattern,
        examples=["arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"],
    )
    """IAM's OIDC provider of the cluster. The account is part of it, and the stack refuses another one."""
    identity: Literal["irsa", "podIdentity"] = "irsa"
    """How pods take up their release's role: `irsa` by the OIDC provider, `podIdentity` by EKS' agent on the node."""
    cluster_name: str | None = Field(default=None, min_length=1, examples=["prod"])
    """Name of the EKS cluster, for `identity: podIdentity`."""
    endpoint_cidrs: tuple[Cidr, ...] = ()
    """Addresses of interface endpoints for STS, S3, KMS or Secrets Manager. None: pods reach those services by their
    public addresses, as they do through a gateway endpoint."""
    tags: Mapping[TagKey, TagValue] = Field(default={}, max_length=50)
    """Tags of everything that the stack makes in the account."""

    @model_validator(mode="after")
    def _each_client_once(self) -> Self:
        clients = self.client_security_group_ids
        if twice := {one for one in clients if one == self.cluster_security_group_id or clients.count(one) > 1}:
            raise ValueError(f"clientSecurityGroupIds names {min(twice)}, which is named already; write it once")
        return self

    @model_validator(mode="after")
    def _the_agent_knows_its_cluster(self) -> Self:
        if self.identity == "podIdentity" and not self.cluster_name:
            raise ValueError("identity: podIdentity needs clusterName, such as prod")
        return self

    @property
    def partition(self) -> str:
        """Partition of ARNs: `aws` or `aws-us-gov`. China's services have other names, and nobody has tried them."""
        return self._provider[0]

    @property
    def account(self) -> str:
        """The account's twelve digits."""
        return self._provider[1]

    @property
    def issuer(self) -> str:
        """The cluster's OIDC issuer without its scheme: the prefix of the keys in a trust policy's conditions."""
        return self._provider[2]

    @property
    def data_cidrs(self) -> tuple[str, ...]:
        """Where Postgres and Redis can be."""
        return self.subnet_cidrs or (self.vpc_cidr,)

    @property
    def egress(self) -> Mapping[str, EgressSettings]:
        """What pods must reach to use their role, where that is no public address."""
        endpoints = {
            f"aws-endpoint-{number}": EgressSettings(reason="interface endpoints of AWS", cidr=cidr, ports=(443,))
            for number, cidr in enumerate(self.endpoint_cidrs)
        }
        agent = {
            name: EgressSettings(reason="EKS Pod Identity's agent on the node", cidr=cidr, ports=(80,))
            for name, cidr in _AGENT.items()
        }
        return {**endpoints, **(agent if self.identity == "podIdentity" else {})}

    @property
    def bucket_cidrs(self) -> tuple[str, ...]:
        """Interface endpoints, through which S3 may be reached too."""
        return self.endpoint_cidrs

    @property
    def store(self) -> AwsSecretsManagerStore:
        """Secrets Manager in the stack's region."""
        return AwsSecretsManagerStore(type="awsSecretsManager", region=self.region)

    @property
    def lacking_mark(self) -> str | None:
        """External Secrets takes up a role by what the ServiceAccount says; no agent on a node does that for it."""
        return None if self.identity == "irsa" else "write aws.identity: irsa, or the role there"

    def problems(self, releases: Iterable[tuple[str, str]]) -> Iterator[Problem]:
        """Names that a part of AWS refuses or keeps for itself."""
        for path, release in releases:
            role = f"{self.name}-{release}"
            if len(role) > _ROLE_NAME_LIMIT:
                yield Problem(
                    path,
                    f"makes the role {role!r} of {len(role)} characters, and IAM takes {_ROLE_NAME_LIMIT}; shorten the "
                    "release's name or aws.name",
                )
        if "--" in self.name:
            yield Problem("aws.name", "has two '-' in a row, which neither RDS nor ElastiCache takes; write one")
        if f"{self.name}-".startswith("sg-"):
            rule = "would begin names of security groups with 'sg-', which EC2 refuses; choose another"
            yield Problem("aws.name", rule)
        for tag in self.tags:
            if tag.lower().startswith("aws:"):
                rule = "begins with 'aws:', which AWS keeps for itself; choose another name"
                yield Problem(f"aws.tags.{tag}", rule)

    @property
    def _provider(self) -> tuple[str, ...]:
        matched = _PROVIDER.fullmatch(self.oidc_provider_arn)
        if matched is None:
            raise ValueError(f"{self.oidc_provider_arn} has passed a pattern that it does not match")
        return matched.groups()
