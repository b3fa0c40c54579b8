"""The colours of a picture, each with one meaning, for light and for dark surroundings.

Texts have a contrast of at least 4.5 on whatever they stand on (WCAG 2.2, 1.4.3); a test in a browser measures it.
"""

from collections.abc import Mapping
from typing import Final

LIGHT: Final[Mapping[str, str]] = {
    "page": "#f4f6f9",
    "card": "#ffffff",
    "hover": "#eef2f8",
    "line": "#dfe4ec",
    "edge": "#cfd7e2",
    "ink": "#18222f",
    "muted": "#526075",
    "chip": "#e3ebf8",
    "chip-ink": "#1d3a6b",
    "hollow": "#e6eaf0",
    "track": "#e9edf3",
    "bar": "#47566c",
    "reserve": "#a3b1c6",
    "inbound": "#5a6a80",
    "data": "#1f62d0",
    "outward": "#8a4fbf",
    "create": "#17663a",
    "create-wash": "#e8f6ed",
    "update": "#7a5200",
    "update-wash": "#fdf4de",
    "replace": "#a8241c",
    "replace-wash": "#fdecea",
    "delete": "#a8241c",
    "delete-wash": "#fdecea",
}
DARK: Final[Mapping[str, str]] = {
    "page": "#0f141b",
    "card": "#171e27",
    "hover": "#1e2732",
    "line": "#27313d",
    "edge": "#323e4c",
    "ink": "#e7ecf2",
    "muted": "#a2afc0",
    "chip": "#23395c",
    "chip-ink": "#d3e3ff",
    "hollow": "#27313d",
    "track": "#27313d",
    "bar": "#b6c3d4",
    "reserve": "#5d6f86",
    "inbound": "#93a3b8",
    "data": "#74a7ff",
    "outward": "#c49af0",
    "create": "#7ed9a2",
    "create-wash": "#15301f",
    "update": "#f0c66f",
    "update-wash": "#33290f",
    "replace": "#ff9d94",
    "replace-wash": "#3a1a18",
    "delete": "#ff9d94",
    "delete-wash": "#3a1a18",
}

FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
"""Only what a machine has: a picture asks for nothing from outside."""


def variables(palette: Mapping[str, str]) -> str:
    """A palette as custom properties of CSS."""
    return " ".join(f"--{name}: {colour};" for name, colour in palette.items())
