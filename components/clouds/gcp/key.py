"""The stack's own encryption key in one place, and who of Google's services may use it.

A service encrypts under an account of its own, the service agent, which Google makes when it is asked for. So the order
is agent, grant, resource: a grant to an agent that is not there fails, and so does a resource before its grant.

Cloud Storage makes its agent when somebody looks it up (Cloud Storage, "Get the service agent"), and was reported to
fail where it is asked for as the others are (terraform-google-modules/terraform-google-project-factory#803). Nothing is
looked up here, so that agent is there before the first deployment (docs/gcp.md).
"""

from typing import Final, Literal

import pulumi
import pulumi_gcp as gcp
from pulumi_random import RandomId

from components.clouds.managed import Keeping
from config.clouds.gcp.project import GcpSettings

TYPE: Final = "noxus:gcp:Key"

DELETION: Final = {True: "PREVENT", False: "DELETE"}
"""GCP's guard on a resource, by whether it is protected. The provider reads it from the state: it is lifted by an `up`
before the resource can be gone."""

Service = Literal["sqladmin", "redis", "storage", "secretmanager"]

AGENTS: Final[dict[Service, str]] = {
    "sqladmin": "gcp-sa-cloud-sql",
    "redis": "cloud-redis",
    "storage": "gs-project-accounts",
    "secretmanager": "gcp-sa-secretmanager",
}
"""Project of each service's agents: `service-<number>@<this>.iam.gserviceaccount.com` (n8n-io/terraform-google-n8n,
kms.tf; Secret Manager's by its pattern, not tried)."""

_MADE_BY_LOOKING: Final[frozenset[Service]] = frozenset({"storage"})

_ROTATION: Final = "7776000s"
_DESTROYED_AFTER: Final = "2592000s"


class Key(pulumi.ComponentResource):
    """A key in a location of Cloud KMS that rotates every 90 days; a destroyed version can be restored for 30.

    Cloud KMS never frees a ring's or a key's name, so the ring's is a part drawn for this stack: the stack can be
    destroyed and made again.
    """

    id: pulumi.Output[str]

    def __init__(
        self, name: str, project: GcpSettings, location: str, opts: pulumi.ResourceOptions, *, protect: bool
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._child, self._project = pulumi.ResourceOptions(parent=self), project
        drawn = RandomId(f"{name}-suffix", byte_length=3, opts=self._child)
        ring = gcp.kms.KeyRing(
            name,
            name=pulumi.Output.concat(project.name, "-", drawn.hex),
            location=location,
            project=project.project,
            opts=self._child,
        )
        key = gcp.kms.CryptoKey(
            name,
            name="data",
            key_ring=ring.id,
            purpose="ENCRYPT_DECRYPT",
            rotation_period=_ROTATION,
            destroy_scheduled_duration=_DESTROYED_AFTER,
            deletion_policy=DELETION[protect],  # with it, all that it encrypts is lost
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        self._name, self._granted = name, dict[Service, list[pulumi.Resource]]()
        self.id = key.id
        self.register_outputs({})

    def granted_to(self, service: Service) -> list[pulumi.Resource]:
        """The grant of a service and its agent, if that can be made: what it encrypts with this key waits for them."""
        if service not in self._granted:
            self._granted[service] = self._grant(service)
        return self._granted[service]

    def _grant(self, service: Service) -> list[pulumi.Resource]:
        name, project = f"{self._name}-{service}", self._project
        agents: list[pulumi.Resource] = []
        if service not in _MADE_BY_LOOKING:
            agent = gcp.projects.ServiceIdentity(
                name, service=f"{service}.googleapis.com", project=project.project, opts=self._child
            )
            agents.append(agent)
        grant = gcp.kms.CryptoKeyIAMMember(
            name,
            crypto_key_id=self.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            # Not the agent's output, so that a preview shows who gets the right.
            member=(f"serviceAccount:service-{project.project_number}@{AGENTS[service]}.iam.gserviceaccount.com"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=agents),
        )
        return [*agents, grant]


GcpKeeping = Keeping[GcpSettings, Key]
"""How a stack keeps its data in GCP, in one location."""
