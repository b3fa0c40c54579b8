"""Secrets from the stack file to the pod, by Pulumi or by External Secrets."""
