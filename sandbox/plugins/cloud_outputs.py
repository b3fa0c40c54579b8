"""What a cloud would answer for the resources that programs here build on: names, addresses and ids, none of them real.

Keyed by type token without the API version. A type that is not listed has its inputs as outputs, and `arn` on AWS.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

Values = dict[str, Any]

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-west-1"

NAMES: Final = (
    *("bucket", "identifier", "replicationGroupId"),  # aws
    *("accountName", "serverName", "clusterName", "resourceName"),  # azure-native
    *("accountId", "name"),  # gcp
)
"""Inputs that hold a resource's name in the cloud: the first that is given is its id."""

PLACES: Final = ("location", "region")
"""Inputs that say where a resource is. A change of these, or of the name, makes another resource."""


def cloud_outputs(token: str, id_: str, inputs: Values) -> Values:
    """Computed outputs of one resource; the same for the same arguments."""
    compute = _OUTPUTS.get(token)
    if compute:
        return compute(id_, inputs)
    service = token.split(":")[1].partition("/")[0]
    return {"arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{id_}"} if token.startswith("aws:") else {}


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


def _guid(seed: str) -> str:
    digest = hashlib.sha256(seed.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


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
    "gcp:storage/bucket:Bucket": lambda id_, _: {"name": id_, "url": f"gs://{id_}"},
    "gcp:sql/databaseInstance:DatabaseInstance": lambda id_, _: {
        "name": id_,
        "connectionName": f"sandbox:{REGION}:{id_}",
        "privateIpAddress": "10.20.0.5",
    },
    "gcp:redis/instance:Instance": lambda id_, _: {
        "name": id_,
        "host": "10.20.0.6",
        "port": 6378,
        "authString": _guid(id_),
    },
    "gcp:serviceaccount/account:Account": lambda id_, _: {
        "email": f"{id_}@sandbox.iam.example.com",
        "member": f"serviceAccount:{id_}@sandbox.iam.example.com",
        "name": f"projects/sandbox/serviceAccounts/{id_}@sandbox.iam.example.com",
    },
    "azure-native:storage:StorageAccount": lambda id_, _: {
        "name": id_,
        "primaryEndpoints": {"blob": f"https://{id_}.blob.example.com/"},
    },
    "azure-native:managedidentity:UserAssignedIdentity": lambda id_, _: {
        "name": id_,
        "clientId": _guid(f"{id_} client"),
        "principalId": _guid(f"{id_} principal"),
        "tenantId": _guid("tenant"),
    },
    "azure-native:dbforpostgresql:Server": lambda id_, _: {
        "name": id_,
        "fullyQualifiedDomainName": f"{id_}.postgres.example.com",
    },
    "azure-native:redisenterprise:RedisEnterprise": lambda id_, _: {
        "name": id_,
        "hostName": f"{id_}.redis.example.com",
    },
}

INVOKES: Final[dict[str, Values]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "id": ACCOUNT,
        "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/sandbox",
        "userId": "sandbox",
    },
    "aws:index/getRegion:getRegion": {
        "id": REGION,
        "name": REGION,
        "region": REGION,
        "endpoint": "",
        "description": "",
    },
    "aws:index/getPartition:getPartition": {"id": "aws", "partition": "aws", "dnsSuffix": "example.com"},
    "azure-native:authorization:getClientConfig": {
        "clientId": _guid("client"),
        "objectId": _guid("object"),
        "subscriptionId": _guid("subscription"),
        "tenantId": _guid("tenant"),
    },
}
