"""Elements of a page. They are built as a tree, so no text of a stack file is ever taken for markup."""

from xml.etree.ElementTree import Element, SubElement

from config.routing import TASK_TYPES, TaskType
from tools.picture.icons import ICONS
from tools.picture.installation import Mark
from tools.picture.words import SAID


def put(parent: Element, tag: str, text: str = "", class_: str = "", **attributes: str) -> Element:
    """Add an element with a text; returns it."""
    element = SubElement(parent, tag, {**({"class": class_} if class_ else {}), **attributes})
    element.text = text
    return element


def put_icon(parent: Element, name: str) -> None:
    """Add an icon, which a text next to it names."""
    svg = SubElement(parent, "svg", {"class": "icon", "viewBox": "0 0 16 16", "aria-hidden": "true"})
    SubElement(svg, "path", {"d": ICONS[name]})


def put_mark(parent: Element, mark: Mark | None) -> None:
    """Say what a preview would do, if anything."""
    if mark:
        put(parent, "span", f" {SAID[mark.op]}", f"mark {mark.op}")


def put_tasks(parent: Element, types: frozenset[TaskType]) -> None:
    """Show which types of tasks are taken."""
    said = f"takes {', '.join(type_ for type_ in TASK_TYPES if type_ in types)}"
    tasks = SubElement(parent, "div", {"class": "tasks", "role": "img", "aria-label": said, "title": said})
    for type_ in TASK_TYPES:
        put(tasks, "span", type_ if type_ in types else "", "on" if type_ in types else "no")


def marked(mark: Mark | None) -> str:
    """Further classes of what a preview would change."""
    return f" marked {mark.op}" if mark else ""
