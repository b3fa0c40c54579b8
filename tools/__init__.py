"""Commands that an operator runs beside Pulumi. They read the stack file and the cluster, and change neither."""
