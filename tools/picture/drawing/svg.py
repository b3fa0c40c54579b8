"""The drawing as one SVG file, light or dark as the viewer's surroundings are."""

from collections.abc import Callable, Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tools.picture.drawing.layout import scene
from tools.picture.drawing.scene import FACES, Box, Label, Line, Sign
from tools.picture.icons import ICONS
from tools.picture.installation import Installation
from tools.picture.palette import DARK, FONT, LIGHT, variables

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_BEND: Final = 7.0
_WASHED: Final = ("create", "update", "replace", "delete")

_STYLE: Final = f"""
:root {{ {variables(LIGHT)} color-scheme: light dark; }}
@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}
text {{ font-family: {FONT}; }}
.stroke {{ fill: none; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }}
"""


def drawing(found: Installation) -> str:
    """The whole file."""
    drawn = scene(found)
    root = Element("svg", {"xmlns": _NAMESPACE, "viewBox": f"0 0 {drawn.width:g} {drawn.height:g}"})
    root.attrib |= {
        "width": f"{drawn.width:g}",
        "height": f"{drawn.height:g}",
        "role": "img",
        "aria-labelledby": "title",
    }
    SubElement(root, "title", {"id": "title"}).text = f"Installation {found.stack}"
    SubElement(root, "style").text = _STYLE + _classes()
    SubElement(root, "rect", {"class": "page", "width": "100%", "height": "100%", "rx": "12"})
    for box in drawn.boxes:
        _box(root, box)
    for line in drawn.lines:
        _line(root, line)
    for sign in drawn.signs:
        _sign(root, sign)
    for label in drawn.labels:
        _label(root, label)
    indent(root, space="")
    return tostring(root, encoding="unicode") + "\n"


def _classes() -> str:
    fills = ("page", "chip", "track", "bar", "reserve")
    tones = ("ink", "muted", "chip-ink", *_WASHED)
    lines = ("inbound", "data", "outward", "line")
    rules = [
        *(f".{name} {{ fill: var(--{name}); }}" for name in fills),
        *(f"rect.{name} {{ fill: var(--{name}-wash); stroke: var(--{name}); }}" for name in _WASHED),
        "rect.edge.edge { fill: var(--card); }",
        *(f"text.{name} {{ fill: var(--{name}); }}" for name in tones),
        *(f".stroke.{name} {{ stroke: var(--{name}); }}" for name in lines),
        *(f".solid.{name} {{ fill: var(--{name}); stroke: var(--card); }}" for name in lines),
        *(
            f".{name} {{ font-size: {face.size}px; font-weight: {600 if face.bold else 400}; }}"
            for name, face in FACES.items()
        ),
        "rect.card { fill: var(--card); stroke: var(--edge); }",
        "rect.hollow { fill: none; stroke: var(--hollow); }",
        ".stroke.outward { stroke-dasharray: 5 4; }",
        ".stroke.icon { stroke-dasharray: none; }",
        ".solid.head { stroke: none; }",
        ".plate { fill: var(--card); }",
        ".stroke.line { stroke-width: 1; }",
    ]
    return "\n".join(rules) + "\n"


def _titled(element: Element, title: str) -> None:
    if title:
        SubElement(element, "title").text = title


def _box(root: Element, box: Box) -> None:
    place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "rx": box.radius}
    SubElement(root, "rect", {"class": box.look, **{name: _number(value) for name, value in place.items() if value}})


def _label(root: Element, label: Label) -> None:
    element = SubElement(
        root, "text", {"class": f"{label.face} {label.tone}", "x": _number(label.x), "y": _number(label.y)}
    )
    element.text = label.text
    if label.full:
        # A title is a child, so the text of the element itself comes first in it.
        _titled(element, label.full)


def _line(root: Element, line: Line) -> None:
    SubElement(root, "path", {"class": f"stroke {line.look}", "d": _path(line)})
    if line.arrow:
        (x0, y0), (x, y) = line.points[-2:]
        back, wide = 7.0, 4.0
        if y0 == y:
            step = back if x0 > x else -back
            head = f"M{_number(x)} {_number(y)}l{_number(step)} {_number(-wide)}v{_number(2 * wide)}z"
        else:
            step = back if y0 > y else -back
            head = f"M{_number(x)} {_number(y)}l{_number(-wide)} {_number(step)}h{_number(2 * wide)}z"
        SubElement(root, "path", {"class": f"solid head {line.look}", "d": head})


def _path(line: Line) -> str:
    """The way through the points, with a quarter of a circle at each corner."""
    first, *between, last = line.points
    way = [f"M{_number(first[0])} {_number(first[1])}"]
    previous = first
    for corner, following in zip(between, [*between[1:], last], strict=False):
        before, after = _towards(corner, previous), _towards(corner, following)
        way.append(f"L{_number(before[0])} {_number(before[1])}")
        way.append(f"Q{_number(corner[0])} {_number(corner[1])} {_number(after[0])} {_number(after[1])}")
        previous = corner
    return "".join([*way, f"L{_number(last[0])} {_number(last[1])}"])


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(across), abs(down)) or 1
    share = min(_BEND, length / 2) / length
    return corner[0] + across * share, corner[1] + down * share


def _dot(root: Element, sign: Sign) -> Element:
    return SubElement(
        root, "circle", {"class": f"solid {sign.look}", "cx": _number(sign.x), "cy": _number(sign.y), "r": "5"}
    )


def _arrow(root: Element, sign: Sign) -> Element:
    d = f"M{_number(sign.x - 4)} {_number(sign.y - 5.5)}l10 5.5l-10 5.5z"
    return SubElement(root, "path", {"class": f"solid {sign.look}", "d": d})


_SHAPES: Final[Mapping[str, Callable[[Element, Sign], Element]]] = {"dot": _dot, "arrow": _arrow}


def _sign(root: Element, sign: Sign) -> None:
    if shape := _SHAPES.get(sign.shape):
        _titled(shape(root, sign), sign.title)
        return
    if sign.plate:
        SubElement(root, "circle", {"class": "plate", "cx": _number(sign.x), "cy": _number(sign.y), "r": "10.5"})
    corner = f"translate({_number(sign.x - 8)} {_number(sign.y - 8)})"
    SubElement(root, "path", {"class": f"stroke icon {sign.look}", "d": ICONS[sign.shape], "transform": corner})


def _number(value: float) -> str:
    return f"{round(value, 1):g}"
