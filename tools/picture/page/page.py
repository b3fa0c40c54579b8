"""The picture as one page that needs nothing else: no network, and no script to be read.

The browser lays it out, so it also fits a telephone; the lines past the workloads are the same as in the drawing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from tools.picture.installation import Caller, Installation, Target
from tools.picture.page.markup import marked, put, put_icon, put_mark, put_tasks
from tools.picture.page.rails import Rails
from tools.picture.page.releases import Releases
from tools.picture.palette import DARK, FONT, LIGHT, variables
from tools.picture.reach import POOLER, POSTGRES
from tools.picture.words import ALWAYS, CALLED, COLUMNS, GONE, OUTSIDE, RESERVE, REST, SAID, SERVED, USES, cells
from tools.picture.words import previewed as said_of

_FOLDER: Final = Path(__file__).parent
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""Asked of the browser: nothing is fetched, whatever the page holds."""

_COLOURS: Final = f"""
:root {{ {variables(LIGHT)} color-scheme: light; }}
@media screen {{
:root[data-theme="dark"] {{ {variables(DARK)} color-scheme: dark; }}
@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {variables(DARK)} color-scheme: dark; }} }}
}}
body, input, button {{ font-family: {FONT}; }}
"""


def page(found: Installation) -> str:
    """The whole page."""
    root = Element("html", {"lang": "en"})
    _head(root, found)
    rails = Rails.of(found)
    releases = Releases(found, rails)
    body = SubElement(root, "body", {"style": f"--in: {rails.calling}; --out: {len(found.targets)}"})
    _title(body, found, unfolded=releases.unfolded)
    main = SubElement(body, "main")
    _surroundings(main, found)
    releases.write(main)
    _rest_of_preview(main, found)
    _routes(main, found)
    if found.findings:
        _listed(_panel(main, "What the checks say"), found.findings)
    _legend(body)
    put(body, "script", (_FOLDER / "page.js").read_text())
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _head(root: Element, found: Installation) -> None:
    head = SubElement(root, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
    put(head, "title", f"Installation {found.stack}")
    put(head, "style", _COLOURS + (_FOLDER / "page.css").read_text())


def _title(body: Element, found: Installation, *, unfolded: bool) -> None:
    header = SubElement(body, "header")
    words = SubElement(header, "div")
    put(words, "h1", found.stack)
    put(words, "span", f"on {found.cloud}", "muted")
    put(words, "p", " · ".join(found.facts), "muted")
    if found.changes:
        line = put(words, "p")
        put(line, "b", "Preview: ")
        put(line, "span", said_of(found.changes.counts))
    controls = put(header, "div", "", "controls", role="search")
    search = {"id": "search", "type": "search", "autocomplete": "off", "placeholder": "Find a pool or tenant"}
    SubElement(put(controls, "label"), "input", {**search, "aria-label": "Find a pool, a release or a tenant"})
    put(controls, "button", "Collapse all" if unfolded else "Expand all", id="fold", type="button")
    put(controls, "button", "Dark", id="theme", type="button", title="Light or dark")
    put(controls, "div", "", id="found", role="status")


def _surroundings(main: Element, found: Installation) -> None:
    """What is around the releases. The outermost line has the highest card, so that no line crosses another."""
    around = put(main, "section", "", "around", **{"aria-label": "What is around the releases"})
    calling = [caller for caller in found.callers if caller.target is None]
    using = [caller for caller in found.callers if caller.target is not None]
    rows = max(len(found.targets), len(calling) + len(using))
    row_of = {target.id: rows - place for place, target in enumerate(found.targets)}
    for place, caller in enumerate(calling):
        _card(around, found, caller, "calls inbound", place + 1)
        put(around, "i", "", "lead inbound", style=f"--place: {place}; --row: {place + 1}")
    for row, caller in enumerate(using, start=rows - len(using) + 1):
        _card(around, found, caller, "calls inbound", row)
        down = row_of[caller.target or POSTGRES] - row
        put(around, "i", "", "uses data bent" if down else "uses data", style=f"--row: {row}; --down: {down}")
    if POOLER in row_of:
        put(around, "i", "", "into data", style=f"--row: {row_of[POOLER]}")
    for place, target in reversed(list(enumerate(found.targets))):
        look = "data" if target.inside else "outward"
        _card(around, found, target, f"called {look}", row_of[target.id])
        put(around, "i", "", f"lead {look}", style=f"--place: {place}; --row: {row_of[target.id]}")


def _card(around: Element, found: Installation, shown: Target | Caller, class_: str, row: int) -> None:
    mark = found.mark(shown.id)
    side, look = class_.split()
    title = "\n".join((shown.name, shown.where, *shown.facts, *(mark.objects if mark else ())))
    card = put(around, "div", "", f"card {side}{marked(mark)}", style=f"grid-row: {row}", title=title)
    put_icon(put(card, "span", "", f"sign {look}"), shown.id)
    words = put(card, "div")
    first = put(words, "p")
    put(first, "b", shown.name)
    put(first, "span", shown.where, "muted")
    put_mark(first, mark)
    put(words, "p", ", ".join(shown.facts), "muted")


def _rest_of_preview(main: Element, found: Installation) -> None:
    """What a preview would change that has no place of its own."""
    changes = found.changes
    if changes and (gone := [gone for gone in changes.gone if gone.release is None]):
        _listed(_panel(main, GONE.capitalize()), [f"{g.name} {SAID['delete']}: {'; '.join(g.objects)}" for g in gone])
    if changes and changes.elsewhere:
        _listed(_panel(main, "Other objects that change"), changes.elsewhere)


def _panel(main: Element, heading: str) -> Element:
    panel = put(main, "details", "", "panel", open="open")
    put(SubElement(panel, "summary"), "h2", heading)
    return panel


def _listed(panel: Element, texts: Sequence[str]) -> None:
    items = SubElement(panel, "ul")
    for text in texts:
        put(items, "li", text, **{"data-find": text.lower()})


def _routes(main: Element, found: Installation) -> None:
    table = SubElement(_panel(main, SERVED), "table")
    head = SubElement(SubElement(table, "thead"), "tr")
    for heading in COLUMNS:
        put(head, "th", heading, scope="col")
    body = SubElement(table, "tbody")
    for route in found.routes:
        said = list(cells(found, route))
        row = put(body, "tr", **{"data-find": " ".join((*route.types, *(words for words, _ in said))).lower()})
        put_tasks(SubElement(row, "td"), frozenset(route.types))
        for heading, (words, tone) in zip(COLUMNS[1:], said, strict=True):
            put(put(row, "td", **{"data-is": heading}), "span", words, "nobody" if tone == "delete" else "")


def _legend(body: Element) -> None:
    footer = put(body, "footer", "", "legend")
    signs = {"called inbound": CALLED, "data": USES, "outward": OUTSIDE, "bar always": ALWAYS, "bar reserve": RESERVE}
    for class_, words in signs.items():
        entry = SubElement(footer, "span")
        put(entry, "i", "", class_)
        put(entry, "span", words)
    put(footer, "span", REST)
