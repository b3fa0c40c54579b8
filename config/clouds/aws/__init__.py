"""Stacks on AWS: an account and an EKS cluster that exist, RDS, ElastiCache, S3 and Secrets Manager."""
