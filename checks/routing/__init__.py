"""Who takes which task, and what is wrong with that."""
