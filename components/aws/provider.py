"""The one explicit provider of AWS resources."""

import pulumi_aws as aws

from config.aws import AwsSettings


def aws_provider(settings: AwsSettings) -> aws.Provider:
    """Make the provider that every AWS resource of the stack inherits. It refuses credentials of another account."""
    return aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account],
        default_tags=aws.ProviderDefaultTagsArgs(tags={"app": "noxus", "stack": settings.name, **settings.tags}),
    )
