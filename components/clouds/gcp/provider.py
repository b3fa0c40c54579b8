"""The one explicit provider of GCP resources."""

import pulumi
import pulumi_gcp as gcp

from config.clouds.gcp.project import GcpSettings


def gcp_provider(settings: GcpSettings, after: pulumi.Output[object]) -> gcp.Provider:
    """Make the provider that every GCP resource of the stack inherits.

    It has no guard against credentials of another project, so it names the project. Its region waits for `after`, and
    so does every resource.
    """
    return gcp.Provider(
        "gcp",
        project=settings.project,
        region=after.apply(lambda _: settings.region),
        default_labels=dict(settings.all_labels),
        add_pulumi_attribution_label=False,
    )
