"""Starts the stand-in that a plugin's file name stands for, importing no other: start-up time counts."""

from sandbox.plugins.server import serve


def main(plugin: str, *arguments: str) -> None:
    """Serve `plugin` (such as `pulumi-resource-aws`); the engine gives its own address as the last argument."""
    engine = arguments[-1] if arguments else ""
    kind, _, name = plugin.removeprefix("pulumi-").partition("-")
    if kind == "language":
        from sandbox.plugins.language_host import LanguageHost

        serve(LanguageHost(engine))
    else:
        from sandbox.plugins.recording import RecordingProvider

        serve(RecordingProvider(name))
