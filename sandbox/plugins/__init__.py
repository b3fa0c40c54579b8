"""Stand-ins for the Pulumi plugins that package registries do not serve.

Each speaks the same gRPC protocol as the official plugin, so that the real engine drives it. They are used only where
the official ones cannot be had; nothing of the product imports them.
"""
