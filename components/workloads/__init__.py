"""What runs: services, pools, scheduler and migrations, with all that belongs to each."""
