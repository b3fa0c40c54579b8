"""The stack, read top to bottom: configuration, checks, platform, outputs."""

import gc

import pulumi
import pulumi_random as random

import checks
import config
from components.clouds.registry import room
from components.kubernetes.access import ClusterAccess
from components.permanence import OUTPUT, kept
from components.platform import Platform, PlatformArgs
from components.short_stacks import short_stacks

gc.disable()  # the program is over in seconds, and looking for cycles takes a fourth of them

stack = config.load()

checks.enforce(stack.settings, warn=pulumi.log.warn)

cluster = ClusterAccess(stack.settings.cluster)

permanent = kept(stack.settings, pulumi.get_stack(), cluster.fingerprint)

cloud = room(stack.settings)

after = pulumi.ResourceOptions(depends_on=permanent.read)

providers: dict[str, pulumi.ProviderResource] = {
    "kubernetes": cluster.provider(permanent.settings, after),
    "random": random.Provider("random", opts=after),
    **(cloud.providers(permanent.settings) if cloud else {}),
}

with short_stacks():
    platform = Platform(
        "platform",
        PlatformArgs(stack=stack, room=cloud, deployed_marks=permanent.marks),
        pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(providers=providers)),
    )

pulumi.export(OUTPUT, permanent.settings)
for name, value in platform.outputs.items():
    pulumi.export(name, value)
