"""The clouds' own stores of secrets. Each can be read from any cluster, whichever cloud that is in."""

from config.clouds.aws.store import AwsSecretsManagerStore
from config.clouds.azure.store import AzureKeyVaultStore
from config.clouds.gcp.store import GcpSecretManagerStore

CloudStore = AwsSecretsManagerStore | GcpSecretManagerStore | AzureKeyVaultStore
"""A store of one cloud."""
