"""What the stack asks of Postgres, Redis and quotas at its maximum, and whether they have it."""
