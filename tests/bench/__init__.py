"""What components cost: the same fleet as components and as a flat program, measured in one run."""
