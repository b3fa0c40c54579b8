"""What AWS would answer for the resources that the program makes: names, addresses and ids, none of them real.

Keyed by type token. A type that is not listed has its inputs as outputs, and an `arn`.
"""

from collections.abc import Callable
from typing import Any, Final

Values = dict[str, Any]

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-west-1"

NAMES: Final = ("bucket", "identifier", "replicationGroupId", "name")
"""Inputs that hold a resource's name in the cloud: the first that is given is its id."""

PLACES: Final = ("region",)
"""Inputs that say where a resource is. A change of these, or of the name, makes another resource."""


def cloud_outputs(token: str, id_: str, inputs: Values) -> Values:
    """Computed outputs of one resource; the same for the same arguments."""
    compute = _OUTPUTS.get(token)
    if compute:
        return compute(id_, inputs)
    service = token.split(":")[1].partition("/")[0]
    return {"arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{id_}"}


def _rds(id_: str, inputs: Values) -> Values:
    host, port = f"{id_}.{REGION}.rds.example.com", inputs.get("port", 5432)
    secret = {"secretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds-{id_}", "secretStatus": "active"}
    return {
        "arn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{id_}",
        "identifier": id_,
        "address": host,
        "endpoint": f"{host}:{port}",
        "port": port,
        "masterUserSecrets": [secret],
    }


_OUTPUTS: Final[dict[str, Callable[[str, Values], Values]]] = {
    "aws:s3/bucket:Bucket": lambda id_, _: {
        "arn": f"arn:aws:s3:::{id_}",
        "bucket": id_,
        "bucketDomainName": f"{id_}.s3.example.com",
        "bucketRegionalDomainName": f"{id_}.s3.{REGION}.example.com",
    },
    "aws:rds/instance:Instance": _rds,
    "aws:iam/role:Role": lambda id_, _: {"arn": f"arn:aws:iam::{ACCOUNT}:role/{id_}", "name": id_},
    "aws:iam/policy:Policy": lambda id_, _: {"arn": f"arn:aws:iam::{ACCOUNT}:policy/{id_}", "name": id_},
    "aws:kms/key:Key": lambda id_, _: {"arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{id_}", "keyId": id_},
    "aws:elasticache/replicationGroup:ReplicationGroup": lambda id_, inputs: {
        "arn": f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:{id_}",
        "primaryEndpointAddress": f"{id_}.cache.example.com",
        "readerEndpointAddress": f"{id_}-ro.cache.example.com",
        "port": inputs.get("port", 6379),
    },
}
