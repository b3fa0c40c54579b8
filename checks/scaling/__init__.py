"""What KEDA counts for each pool, and whether its scalers do what they say."""
