"""An Azure subscription, resource group, network and AKS cluster that exist already, by id."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.clouds.azure.store import AzureKeyVaultStore, Guid
from config.clouds.cloud import CloudSettings
from config.clouds.nodes import AZURE_NOTICE
from config.errors import Problem
from config.limits import NodeLimits
from config.permanent import RESTORE, Permanent
from config.types import Cidr

DRAIN_SECONDS: Final = 1800
"""How long an upgrade of a node pool waits for a node's pods (AKS, agent pool `upgradeSettings.drainTimeoutInMinutes`,
30 by default)."""

_GROUP: Final = r"/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[^/\s]+"
_NETWORK: Final = rf"{_GROUP}/providers/Microsoft\.Network"
_EXAMPLE: Final = "/subscriptions/<id>/resourceGroups/network/providers/Microsoft.Network"
_WORDS: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_STAYS: Final = Permanent(f"a server does not leave its network; {RESTORE}")

ZONE_ENDING: Final = ".postgres.database.azure.com"
"""How the name of a private zone for Flexible Server must end, and the name of every server does."""


def _as_printed(issuer: str) -> str:
    if not issuer.startswith("https://") or not issuer.endswith("/") or any(map(str.isspace, issuer)):
        raise ValueError(
            "must be the issuer exactly as `az aks show --query oidcIssuerProfile.issuerUrl` prints it, with https:// "
            "before it and / after it: Entra compares it as text"
        )
    return issuer


SubnetId = Annotated[str, StringConstraints(pattern=rf"^{_NETWORK}/virtualNetworks/[^/\s]+/subnets/[^/\s]+$")]


def _zone(name: str) -> StringConstraints:
    return StringConstraints(pattern=rf"^{_NETWORK}/privateDnsZones/{name}$")


TagKey = Annotated[str, StringConstraints(pattern=r"^[^<>%&\\?/]{1,128}$")]
TagValue = Annotated[str, StringConstraints(max_length=256)]


class AzureSettings(CloudSettings):
    """Where on Azure the stack lives. All of it exists already; the stack makes data services, a vault and identities.

    Public Azure only: other clouds of Azure's have other names, and nobody has tried them.
    """

    NODES: ClassVar[NodeLimits] = NodeLimits(
        DRAIN_SECONDS,
        f"an upgrade of an AKS node pool waits {DRAIN_SECONDS} s by default, then the upgrade fails and the tasks live",
        AZURE_NOTICE,
        upgrade_gives_up=True,
    )

    name: Annotated[str, Permanent(f"everything in the group is named after it; {RESTORE}")] = Field(
        pattern=_WORDS, max_length=30, examples=["acme-noxus-prod"]
    )
    """First part of the names of everything that the stack makes, at most 30 characters. `<name>-postgres` is taken
    worldwide, so begin with your organisation's. It never changes: most names are identities."""
    subscription_id: Annotated[Guid, Permanent(f"data does not move between subscriptions; {RESTORE}")] = Field(
        examples=["00000000-0000-0000-0000-000000000000"]
    )
    """Subscription of everything that is made. The provider works in no other one."""
    tenant_id: Guid = Field(examples=["00000000-0000-0000-0000-000000000000"])
    """Entra tenant of the subscription."""
    location: Annotated[str, Permanent(f"data does not move between regions; {RESTORE}")] = Field(
        pattern=r"^[a-z]+[0-9]?$", examples=["westeurope"]
    )
    """Region of the cluster and of everything that is made, in its short form."""
    resource_group: Annotated[str, Permanent(f"every id begins with it; {RESTORE}")] = Field(
        pattern=r"^[-\w.()]{0,89}[-\w()]$", examples=["noxus-prod"]
    )
    """Existing resource group for everything that is made. Deleting it would delete everything in it."""
    oidc_issuer_url: Annotated[str, AfterValidator(_as_printed)] = Field(
        examples=["https://westeurope.oic.prod-aks.azure.com/<tenant>/<cluster>/"]
    )
    """The cluster's OIDC issuer (`az aks show --query oidcIssuerProfile.issuerUrl`), with the `/` at its end."""
    postgres_subnet_id: Annotated[SubnetId, _STAYS] = Field(
        examples=[f"{_EXAMPLE}/virtualNetworks/prod/subnets/postgres"]
    )
    """Subnet for Postgres alone, delegated to `Microsoft.DBforPostgreSQL/flexibleServers`."""
    postgres_subnet_cidr: Cidr = Field(examples=["10.20.96.0/28"])
    """Its addresses, to which network policies limit Postgres."""
    postgres_dns_zone_id: Annotated[str, _zone(r"[^/\s]+\.postgres\.database\.azure\.com"), _STAYS] = Field(
        examples=[f"{_EXAMPLE}/privateDnsZones/noxus.private{ZONE_ENDING}"]
    )
    """Private DNS zone for Postgres. It must be linked to the cluster's network before the first update."""
    endpoint_subnet_id: SubnetId = Field(examples=[f"{_EXAMPLE}/virtualNetworks/prod/subnets/endpoints"])
    """Subnet for the private endpoints of Redis, storage and the vault."""
    endpoint_subnet_cidr: Cidr = Field(examples=["10.20.97.0/27"])
    """Its addresses, to which network policies limit Redis and storage."""
    endpoint_dns: Literal["zones", "policy"] = "zones"
    """Who writes the endpoints' names: `zones`: this stack, into the three zones below. `policy`: an Azure Policy of
    the subscription, as usual in landing zones."""
    redis_dns_zone_id: Annotated[str, _zone(r"privatelink\.redis\.azure\.net")] | None = None
    """Private zone `privatelink.redis.azure.net`, linked to the cluster's network."""
    blob_dns_zone_id: Annotated[str, _zone(r"privatelink\.blob\.core\.windows\.net")] | None = None
    """Private zone `privatelink.blob.core.windows.net`, linked to the cluster's network."""
    vault_dns_zone_id: Annotated[str, _zone(r"privatelink\.vaultcore\.azure\.net")] | None = None
    """Private zone `privatelink.vaultcore.azure.net`, linked to the cluster's network."""
    vault_name: Annotated[
        str, Permanent("it holds the key that everything is encrypted with, and a vault has no other name; keep it")
    ] = Field(pattern=_WORDS, min_length=3, max_length=24, examples=["acme-noxus-prod-1"])
    """Name of the vault of the key and of the releases' entries, taken worldwide: 3 to 24 characters. After the stack
    is destroyed, nobody can take it for 90 days: a stack that is made again needs another, such as the next number."""
    tags: Mapping[TagKey, TagValue] = Field(default={}, max_length=48)
    """Tags of everything that the stack makes and that can have some."""

    @model_validator(mode="after")
    def _postgres_has_its_subnet_alone(self) -> Self:
        if self.postgres_subnet_id.lower() == self.endpoint_subnet_id.lower():
            raise ValueError("endpointSubnetId is postgresSubnetId, which is delegated to Postgres alone; name another")
        return self

    @model_validator(mode="after")
    def _zones_are_named(self) -> Self:
        zones = {
            "redisDnsZoneId": self.redis_dns_zone_id,
            "blobDnsZoneId": self.blob_dns_zone_id,
            "vaultDnsZoneId": self.vault_dns_zone_id,
        }
        if self.endpoint_dns == "zones" and (lacking := [name for name, zone in zones.items() if zone is None]):
            raise ValueError(f"endpointDns: zones needs {', '.join(lacking)}; or write endpointDns: policy")
        return self

    @property
    def providers_id(self) -> str:
        """How ids begin of what is in the resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}/providers"

    @property
    def vault_id(self) -> str:
        """Id of the vault."""
        return f"{self.providers_id}/Microsoft.KeyVault/vaults/{self.vault_name}"

    @property
    def all_tags(self) -> Mapping[str, str]:
        """The stack's own and those of the stack file, which go first: to Azure `App` and `app` are one name.

        The provider has no default ones, so each resource that can have some is given them.
        """
        written = {name.casefold() for name in self.tags}
        own = {name: value for name, value in {"app": "noxus", "stack": self.name}.items() if name not in written}
        return {**own, **self.tags}

    @property
    def server_name(self) -> str:
        """Name of the Postgres server."""
        return f"{self.name}-postgres"

    @property
    def bucket_cidrs(self) -> tuple[str, ...]:
        """The private endpoint, which is the only way to the storage account."""
        return (self.endpoint_subnet_cidr,)

    @property
    def store(self) -> AzureKeyVaultStore:
        """The stack's own vault."""
        url = f"https://{self.vault_name}.vault.azure.net"
        return AzureKeyVaultStore.model_validate({"type": "azureKeyVault", "vaultUrl": url, "tenantId": self.tenant_id})

    def problems(self, releases: Iterable[tuple[str, str]]) -> Iterator[Problem]:
        """Names that a part of Azure refuses; the names of releases fit everywhere."""
        del releases
        if self.postgres_dns_zone_id.rpartition("/")[2] == f"{self.server_name}{ZONE_ENDING}":
            rule = f"is the name of the server itself, which Azure refuses; choose another, such as noxus{ZONE_ENDING}"
            yield Problem("azure.postgresDnsZoneId", rule)
