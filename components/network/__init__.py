"""Namespaces that deny both directions, and the policies that allow each edge."""
