"""The one explicit provider of AWS resources."""

import pulumi
import pulumi_aws as aws

from config.clouds.aws.account import AwsSettings


def aws_provider(settings: AwsSettings, after: pulumi.Output[object]) -> aws.Provider:
    """Make the provider that every AWS resource of the stack inherits. It refuses credentials of another account.

    Its region waits for `after`, and so does every resource.
    """
    return aws.Provider(
        "aws",
        region=after.apply(lambda _: settings.region),
        allowed_account_ids=[settings.account],
        default_tags=aws.ProviderDefaultTagsArgs(tags={"app": "noxus", "stack": settings.name, **settings.tags}),
    )
