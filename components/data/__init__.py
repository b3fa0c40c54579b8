"""The data services that every release shares: made in the cluster or found outside it, and set up once."""
