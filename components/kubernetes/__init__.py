"""What every object in the cluster stands on: access, names, labels, pod security, and where things are."""
