"""What every cloud is asked in the same words, answered from what its production stack declares.

A view knows its cloud's types and roles; the questions, and what the answers must be, are in
`test_what_all_clouds_hold.py`.
"""

import json
from collections.abc import Mapping
from typing import Final, Literal, Protocol

from moto.iam.access_control import IAMPolicy, PermissionResult

from tests import azure_roles, gcp_roles
from tests.harness import Deployment

Act = Literal["list objects", "read object", "write object", "delete object", "read entry", "use key", "open bucket"]
"""What somebody could do with a thing of the stack: its bucket, an entry, its key, or who may use the bucket."""


_ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"


class View(Protocol):
    """One deployed production stack."""

    def __init__(self, deployed: Deployment) -> None: ...

    @property
    def keys(self) -> Mapping[str, str]:
        """Which key encrypts each thing that holds data or secrets."""
        ...

    @property
    def key(self) -> str:
        """What is in every name of the stack's own key."""
        ...

    @property
    def doors(self) -> Mapping[str, bool]:
        """Each way in from outside of the network or without TLS, and whether it is open."""
        ...

    @property
    def guards(self) -> Mapping[str, bool]:
        """For each thing that holds data, whether the cloud or its provider refuses to delete it."""
        ...

    def lets_in(self, release: str, namespace: str, account: str) -> bool:
        """Whether a ServiceAccount of the cluster is given the identity of a release."""
        ...

    def may(self, release: str, act: Act, of: str = "") -> bool:
        """Whether the identity of a release may do something, with the entry of release `of` if it is about one."""
        ...


class AwsView:
    """AWS: policies as moto's IAM evaluates them."""

    key = ":key/key-id"

    def __init__(self, deployed: Deployment) -> None:
        self._deployed = deployed

    @property
    def keys(self) -> Mapping[str, str]:
        one = self._deployed.one
        (rule,) = one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").inputs[
            "rules"
        ]
        entries = self._deployed.all("aws:secretsmanager/secret:Secret")
        return {
            "postgres": one("aws:rds/instance:Instance").inputs["kmsKeyId"],
            "redis": one("aws:elasticache/replicationGroup:ReplicationGroup").inputs["kmsKeyId"],
            "bucket": rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"],
            **{entry.name: entry.inputs["kmsKeyId"] for entry in entries},
        }

    @property
    def doors(self) -> Mapping[str, bool]:
        one = self._deployed.one
        database = one("aws:rds/instance:Instance")
        block = one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
        parameters = {
            parameter["name"]: parameter["value"]
            for parameter in one("aws:rds/parameterGroup:ParameterGroup").inputs["parameters"]
        }
        cache = one("aws:elasticache/replicationGroup:ReplicationGroup").inputs
        rules = self._deployed.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        return {
            "postgres from the internet": database.inputs["publiclyAccessible"],
            "postgres without TLS": parameters["rds.force_ssl"] != "1",
            "redis without TLS": cache["transitEncryptionMode"] != "required",
            "data services from any address": any(rule.inputs.keys() & {"cidrIpv4", "cidrIpv6"} for rule in rules),
            "bucket without a login": not all(value for key, value in block.inputs.items() if key != "bucket"),
        }

    @property
    def guards(self) -> Mapping[str, bool]:
        one = self._deployed.one
        return {
            "postgres": one("aws:rds/instance:Instance").inputs["deletionProtection"],
            # ElastiCache has no guard: a last snapshot is taken.
            "redis": "finalSnapshotIdentifier" in one("aws:elasticache/replicationGroup:ReplicationGroup").inputs,
            "bucket": not one("aws:s3/bucket:Bucket").inputs["forceDestroy"],
        }

    def lets_in(self, release: str, namespace: str, account: str) -> bool:
        document = self._deployed.one("aws:iam/role:Role", f"{release}-role").inputs["assumeRolePolicy"]
        (statement,) = json.loads(document)["Statement"]
        issuer = statement["Principal"]["Federated"].partition("oidc-provider/")[2]
        token = {
            f"{issuer}:sub": f"system:serviceaccount:{namespace}:{account}",
            f"{issuer}:aud": "sts.amazonaws.com",
        }
        action = "sts:AssumeRoleWithWebIdentity"
        result = IAMPolicy(document).is_action_permitted(action, incoming_condition_values=token)
        return result is PermissionResult.PERMITTED

    def may(self, release: str, act: Act, of: str = "") -> bool:
        bucket = f"arn:aws:s3:::{self._deployed.one('aws:s3/bucket:Bucket').inputs['bucket']}"
        entry = next((arn for arn in self._entries() if f"{of}-entry" in arn), "none") if of else "none"
        action, target = {
            "list objects": ("s3:ListBucket", bucket),
            "read object": ("s3:GetObject", f"{bucket}/runs/1"),
            "write object": ("s3:PutObject", f"{bucket}/runs/1"),
            "delete object": ("s3:DeleteObject", f"{bucket}/runs/1"),
            "open bucket": ("s3:PutBucketPolicy", bucket),
            "read entry": ("secretsmanager:GetSecretValue", entry),
            "use key": ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/key-id"),
        }[act]
        document = json.loads(self._deployed.one(_ROLE_POLICY, f"{release}-role").inputs["policy"])
        # moto knows no kms:ViaService: what comes through no service meets no statement that asks for one.
        document["Statement"] = [one for one in document["Statement"] if "kms:ViaService" not in json.dumps(one)]
        return IAMPolicy(json.dumps(document)).is_action_permitted(action, target) is PermissionResult.PERMITTED

    def _entries(self) -> list[str]:
        """Addresses of entries, as the rights name them."""
        rights = [json.loads(one.inputs["policy"]) for one in self._deployed.all(_ROLE_POLICY)]
        return [
            statement["Resource"]
            for document in rights
            for statement in document["Statement"]
            if "secretsmanager:GetSecretValue" in statement["Action"]
        ]


class GcpView:
    """GCP: members of roles, and what those permit as it is written down."""

    key = "/cryptoKeys/data"

    def __init__(self, deployed: Deployment) -> None:
        self._deployed, self._rights = deployed, gcp_roles.Rights(deployed)

    @property
    def keys(self) -> Mapping[str, str]:
        one, entries = self._deployed.one, self._deployed.all("gcp:secretmanager/secret:Secret")
        replicas = {entry.name: entry.inputs["replication"]["userManaged"]["replicas"] for entry in entries}
        return {
            "postgres": one("gcp:sql/databaseInstance:DatabaseInstance").inputs["encryptionKeyName"],
            "redis": one("gcp:redis/instance:Instance").inputs["customerManagedKey"],
            "bucket": one("gcp:storage/bucket:Bucket").inputs["encryption"]["defaultKmsKeyName"],
            **{name: found[0]["customerManagedEncryption"]["kmsKeyName"] for name, found in replicas.items()},
        }

    @property
    def doors(self) -> Mapping[str, bool]:
        one = self._deployed.one
        network = one("gcp:sql/databaseInstance:DatabaseInstance").inputs["settings"]["ipConfiguration"]
        cache, bucket = one("gcp:redis/instance:Instance").inputs, one("gcp:storage/bucket:Bucket").inputs
        return {
            "postgres from the internet": network["ipv4Enabled"],
            "postgres without TLS": network["sslMode"] != "ENCRYPTED_ONLY",
            "redis without TLS": cache["transitEncryptionMode"] != "SERVER_AUTHENTICATION",
            "data services from any address": "authorizedNetworks" in network,
            "bucket without a login": bucket["publicAccessPrevention"] != "enforced",
        }

    @property
    def guards(self) -> Mapping[str, bool]:
        one = self._deployed.one
        database = one("gcp:sql/databaseInstance:DatabaseInstance").inputs
        return {
            "postgres": database["deletionProtection"] and database["settings"]["deletionProtectionEnabled"],
            "redis": one("gcp:redis/instance:Instance").inputs["deletionProtection"],
            "bucket": one("gcp:storage/bucket:Bucket").inputs["deletionPolicy"] == "PREVENT",
        }

    def lets_in(self, release: str, namespace: str, account: str) -> bool:
        project = self._deployed.one("gcp:serviceaccount/account:Account", f"{release}-account").inputs["project"]
        pod = f"serviceAccount:{project}.svc.id.goog[{namespace}/{account}]"
        target = f"projects/{project}/serviceAccounts/{self._email(release)}"
        return self._rights.may(pod, "iam.serviceAccounts.getAccessToken", target)

    def may(self, release: str, act: Act, of: str = "") -> bool:
        bucket = self._deployed.one("gcp:storage/bucket:Bucket").inputs["name"]
        permission, target = {
            "list objects": ("storage.objects.list", bucket),
            "read object": ("storage.objects.get", bucket),
            "write object": ("storage.objects.create", bucket),
            "delete object": ("storage.objects.delete", bucket),
            "open bucket": ("storage.buckets.setIamPolicy", bucket),
            "read entry": ("secretmanager.versions.access", f"noxus-{of}"),
            "use key": ("cloudkms.cryptoKeyVersions.useToDecrypt", self.keys["postgres"]),
        }[act]
        return self._rights.may(f"serviceAccount:{self._email(release)}", permission, target)

    def _email(self, release: str) -> str:
        account = self._deployed.one("gcp:serviceaccount/account:Account", f"{release}-account").inputs
        return f"{account['accountId']}@{account['project']}.iam.gserviceaccount.com"


class AzureView:
    """Azure: assignments of roles, and what those permit as it is written down."""

    key = "/keys/data"

    def __init__(self, deployed: Deployment) -> None:
        self._deployed, self._rights = deployed, azure_roles.Rights(deployed)

    @property
    def keys(self) -> Mapping[str, str]:
        one = self._deployed.one
        cache = one("azure-native:redisenterprise:RedisEnterprise").inputs["encryption"]
        storage = one("azure-native:storage:StorageAccount").inputs["encryption"]["keyVaultProperties"]
        return {
            "postgres": one("azure-native:dbforpostgresql:Server").inputs["dataEncryption"]["primaryKeyURI"],
            "redis": cache["customerManagedKeyEncryption"]["keyEncryptionKeyUrl"],
            "bucket": f"{storage['keyVaultUri']}/keys/{storage['keyName']}",
        }

    @property
    def doors(self) -> Mapping[str, bool]:
        one = self._deployed.one
        cache = one("azure-native:redisenterprise:RedisEnterprise").inputs
        storage = one("azure-native:storage:StorageAccount").inputs
        parameters = {
            found.inputs["configurationName"]: found.inputs["value"]
            for found in self._deployed.all("azure-native:dbforpostgresql:Configuration")
        }
        network = one("azure-native:dbforpostgresql:Server").inputs["network"]
        return {
            "postgres from the internet": network["publicNetworkAccess"] != "Disabled",
            "postgres without TLS": parameters["require_secure_transport"] != "on",
            "redis without TLS": one("azure-native:redisenterprise:Database").inputs["clientProtocol"] != "Encrypted",
            "data services from any address": cache["publicNetworkAccess"] != "Disabled",
            "bucket without a login": storage["allowBlobPublicAccess"] or storage["publicNetworkAccess"] != "Disabled",
        }

    @property
    def guards(self) -> Mapping[str, bool]:
        locks = self._deployed.all("azure-native:authorization:ManagementLockByScope")
        return {lock.name: lock.inputs["level"] == "CanNotDelete" for lock in locks}

    def lets_in(self, release: str, namespace: str, account: str) -> bool:
        identity = f"{release}-identity"
        credential = self._deployed.one("azure-native:managedidentity:FederatedIdentityCredential", identity).inputs
        subject = f"system:serviceaccount:{namespace}:{account}"
        token = {"iss": credential["issuer"], "sub": subject, "aud": "api://AzureADTokenExchange"}
        return self._rights.takes_up(identity, token)

    def may(self, release: str, act: Act, of: str = "") -> bool:
        group = self._deployed.one("azure-native:dbforpostgresql:Server").inputs["resourceGroupName"]
        (scope,) = {
            right.inputs["scope"]
            for right in self._deployed.all("azure-native:authorization:RoleAssignment")
            if right.name == f"{release}-identity-blobs"
        }
        place = scope.partition(f"/resourceGroups/{group}/")[0] + f"/resourceGroups/{group}/providers"
        name = self._deployed.one("azure-native:keyvault:Vault").inputs["vaultName"]
        vault = f"{place}/Microsoft.KeyVault/vaults/{name}"
        entries = {one.name: one.inputs["secretName"] for one in self._deployed.all("azure-native:keyvault:Secret")}
        action, target = {
            "list objects": (azure_roles.READ_BLOB, scope),
            "read object": (azure_roles.READ_BLOB, f"{scope}/blobs/runs/1"),
            "write object": (azure_roles.WRITE_BLOB, f"{scope}/blobs/runs/1"),
            "delete object": (azure_roles.DELETE_BLOB, f"{scope}/blobs/runs/1"),
            "open bucket": ("Microsoft.Authorization/roleAssignments/write", scope),
            "read entry": (azure_roles.READ_SECRET, f"{vault}/secrets/{entries.get(f'{of}-entry', 'none')}"),
            "use key": (azure_roles.USE_KEY, f"{vault}/keys/data"),
        }[act]
        return self._rights.may(f"{release}-identity", action, target)


VIEWS: Final[Mapping[str, type[View]]] = {"aws": AwsView, "gcp": GcpView, "azure": AzureView}
"""By cloud."""
