"""Pictures in a real browser: what the layout promises, measured in what the browser has drawn."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e import browser
from tests.e2e.browser import Browser
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import DevStack
from tests.pictures import STACKS, fleet, of_file, of_way
from tools.picture.changes import changes
from tools.picture.drawing.svg import drawing
from tools.picture.facts import installation
from tools.picture.installation import Changes, Gone, Installation, Mark
from tools.picture.page.page import page

POOLS: Final = 100
WIDTHS: Final = (1280, 390)

TEXTS: Final = """
const clip = (element, rect) => {
  let {left, top, right, bottom} = rect;
  for (let at = element; at; at = at.parentElement) {
    if (getComputedStyle(at).overflow !== 'visible' && at !== document.documentElement && at !== document.body) {
      const area = at.getBoundingClientRect();
      left = Math.max(left, area.left); right = Math.min(right, area.right);
      top = Math.max(top, area.top); bottom = Math.min(bottom, area.bottom);
    }
  }
  return {left, top, right, bottom};
};
const texts = () => {
  const found = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ['TITLE', 'STYLE', 'SCRIPT', 'title', 'style'].includes(element.tagName)) continue;
    if (!element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      const area = clip(element, rect);
      const width = area.right - area.left, height = area.bottom - area.top;
      if (width > 1 && height > 1) found.push({node, element, text: node.data.trim(), ...area});
    }
  }
  return found;
};
"""

OVERLAPS: Final = f"""{TEXTS}
const found = texts().sort((one, other) => one.top - other.top), wrong = [];
const meet = (one, other) => one.node !== other.node && one.left + 1 < other.right && other.left + 1 < one.right
  && one.top + 2 < other.bottom && other.top + 2 < one.bottom;
found.forEach((one, place) => {{
  for (let next = place + 1; next < found.length && found[next].top < one.bottom; next++)
    if (meet(one, found[next])) wrong.push([one.text, found[next].text]);
}});
for (const sign of document.querySelectorAll('.line > i, circle, path.solid')) {{
  if (!sign.checkVisibility()) continue;
  const area = sign.getBoundingClientRect();
  for (const one of found) if (meet(one, area)) wrong.push([one.text, sign.className.baseVal ?? sign.className]);
}}
return wrong;
"""

CONTRASTS: Final = f"""{TEXTS}
const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => {{
  const [r, g, b] = parts(colour).map((part) => {{
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }});
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}};
const boxes = [...document.querySelectorAll('svg rect')].map((rect) => [rect, rect.getBoundingClientRect()]);
const behind = (text) => {{
  if (text.element.closest('svg')) {{
    const x = (text.left + text.right) / 2, y = (text.top + text.bottom) / 2;
    const under = boxes.filter(([rect, area]) => area.left <= x && x <= area.right && area.top <= y && y <= area.bottom
      && getComputedStyle(rect).fill !== 'none');
    return getComputedStyle(under.at(-1)[0]).fill;
  }}
  for (let at = text.element; at; at = at.parentElement) {{
    const colour = getComputedStyle(at).backgroundColor, [r, g, b, a] = parts(colour);
    if (a === undefined || a > 0) return `rgb(${{r}}, ${{g}}, ${{b}})`;
  }}
}};
const seen = new Map();
for (const text of texts()) {{
  const style = getComputedStyle(text.element);
  const ink = text.element.closest('svg') ? style.fill : style.color, ground = behind(text);
  const [dark, bright] = [light(ink), light(ground)].sort((one, other) => one - other);
  seen.set(`${{ink}} on ${{ground}}`, (bright + 0.05) / (dark + 0.05));
}}
return [...seen];
"""

SIZES: Final = (
    f"{TEXTS} return Math.min(...texts().map((text) => parseFloat(getComputedStyle(text.element).fontSize)));"
)
UNFOLD: Final = "for (const part of document.querySelectorAll('details')) part.open = true;"
SHOWN: Final = """
return [...document.querySelectorAll('.row[data-find]')]
  .filter((row) => row.checkVisibility()).map((row) => row.querySelector('.name').textContent);
"""


def with_changes() -> Installation:
    """The dev stack with a mark of each kind."""
    marks = {
        "primary.backend": Mark(op="replace", objects=["Deployment noxus/noxus-backend is replaced"]),
        "primary.pools.kb": Mark(op="update", objects=["Deployment noxus/noxus-kb changes"]),
        "workers.acme": Mark(op="update", objects=["ResourceQuota noxus-acme/acme-quota changes"]),
        "workers.acme.pools.flow": Mark(op="create", objects=["Deployment noxus-acme/acme-flow is created"]),
        "redis": Mark(op="update", objects=["StatefulSet noxus-data/redis changes"]),
    }
    gone = [
        Gone(name="acme-old", release="workers.acme", objects=["Deployment noxus-acme/acme-old is deleted"]),
        Gone(name="globex", release=None, objects=["Namespace noxus-globex is deleted"]),
    ]
    counts: Any = {"create": 1, "update": 3, "replace": 1, "delete": 2}
    return replace(
        of_file("dev"), changes=Changes(marks=marks, gone=gone, elsewhere=["Secret x is created"], counts=counts)
    )


PICTURES: Final = {
    **{name: lambda name=name: of_file(name) for name in STACKS},
    "a pooler": lambda: of_way("pooled"),
    "a hundred pools": lambda: installation("fleet", fleet(POOLS)),
    "a preview": with_changes,
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.started() as running:
        yield running


@pytest.fixture(scope="module", params=PICTURES)
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One picture as a drawing and as a page."""
    found, folder = PICTURES[request.param](), tmp_path_factory.mktemp("picture")
    for name, content in (("picture.svg", drawing(found)), ("picture.html", page(found))):
        (folder / name).write_text(content, encoding="utf-8")
    return folder / "picture.svg", folder / "picture.html"


def test_nothing_overlaps_and_nothing_needs_scrolling_sideways(chromium: Browser, files: tuple[Path, Path]) -> None:
    svg, html = files
    chromium.open(svg)
    assert chromium.run(OVERLAPS) == []
    for width in WIDTHS:
        chromium.open(html, width=width)
        for prepare in ("", UNFOLD):
            chromium.run(prepare)
            assert chromium.run(OVERLAPS) == [], width
            assert chromium.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_is_large_enough_and_stands_out(chromium: Browser, files: tuple[Path, Path], *, dark: bool) -> None:
    for file in files:
        chromium.open(file, dark=dark)
        chromium.run(UNFOLD)
        assert chromium.run(SIZES) >= 12
        contrasts = chromium.run(CONTRASTS)
        assert len(contrasts) > 2
        assert [(colours, ratio) for colours, ratio in contrasts if ratio < 4.5] == []


def test_nothing_is_asked_for_but_the_file_itself(chromium: Browser, files: tuple[Path, Path]) -> None:
    for file in files:
        chromium.requested()
        chromium.open(file)
        chromium.run(UNFOLD)
        assert chromium.requested() == [file.as_uri()]


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a hundred pools."""
    file = tmp_path_factory.mktemp("picture") / "big.html"
    file.write_text(page(PICTURES["a hundred pools"]()), encoding="utf-8")
    return file


def test_a_pool_is_found_among_a_hundred(chromium: Browser, big: Path) -> None:
    chromium.open(big)
    assert len(chromium.run(SHOWN)) < POOLS, "releases are folded, so that their names fit on a screen or two"
    chromium.press("/", *"POOL-042")
    assert chromium.run(SHOWN) == ["pool-042"]
    assert chromium.run("return document.getElementById('found').textContent") == f"1 of {POOLS + 2} workloads"
    chromium.press("\ue00c")  # Escape
    assert len(chromium.run(SHOWN)) > 1
    assert chromium.run("return document.getElementById('found').textContent") == ""


def test_all_releases_unfold_and_fold_at_once_and_stay_so_after_a_search(chromium: Browser, big: Path) -> None:
    chromium.open(big)
    seen = list[int]()
    for _ in range(2):
        chromium.run("document.getElementById('fold').click()")
        chromium.press("/", *"pool-042", "\ue00c")
        chromium.run("document.activeElement.blur()")
        seen.append(len(chromium.run(SHOWN)))
    assert seen == [POOLS + 2, 0]


def test_a_search_for_a_tenant_shows_its_pools_and_who_serves_it(chromium: Browser, big: Path) -> None:
    chromium.open(big)
    chromium.press("/", *"tenant-07 chat")
    rows = "return [...document.querySelectorAll('{}')].filter((e) => e.checkVisibility()).map((e) => e.dataset.find)"
    for selector in (".row[data-find]", "tr[data-find]"):
        found = chromium.run(rows.format(selector))
        assert found
        assert all("tenant-07" in text and "chat" in text for text in found)


def test_a_search_that_finds_nothing_says_so(chromium: Browser, big: Path) -> None:
    chromium.open(big)
    chromium.press("/", *"no such pool")
    assert chromium.run(SHOWN) == []
    assert chromium.run("return document.getElementById('found').textContent").startswith("0 of")


def test_everything_is_reached_and_opened_with_the_keyboard(chromium: Browser, files: tuple[Path, Path]) -> None:
    chromium.open(files[1])
    reached = list[str]()
    for _ in range(6):
        chromium.press("\ue004")  # Tab
        reached.append(chromium.run("const at = document.activeElement; return at.id || at.parentElement.className"))
    assert reached[:3] == ["search", "fold", "theme"]
    assert reached[3].split()[0] == "release"
    assert reached[4].split()[0] == reached[5].split()[0] == "row"
    opened = "return document.activeElement.parentElement.open"
    assert chromium.run(opened) is False
    chromium.press("\ue007")  # Enter
    assert chromium.run(opened) is True


def test_light_and_dark_can_be_switched(chromium: Browser, files: tuple[Path, Path]) -> None:
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    chromium.open(files[1])
    chromium.run("localStorage.clear(); delete document.documentElement.dataset.theme")
    light = chromium.run(ground)
    chromium.open(files[1], dark=True)
    dark = chromium.run(ground)
    assert light != dark
    chromium.run("document.getElementById('theme').click()")
    assert chromium.run(ground) == light
    assert chromium.run("return document.getElementById('theme').textContent") == "Dark"
    chromium.run("localStorage.clear()")


def test_on_paper_everything_is_open_light_and_without_controls(chromium: Browser, big: Path) -> None:
    chromium.open(big, dark=True)
    folded = "return document.querySelectorAll('.release:not([open])').length"
    before = chromium.run(folded)
    assert before > 0
    pages = chromium.printed()
    assert pages > 3
    assert chromium.run(folded) == before, "as it was before"
    chromium.run("dispatchEvent(new Event('beforeprint'))")
    chromium.emulate_print()
    assert chromium.run(OVERLAPS) == []
    assert chromium.run("return document.querySelector('.controls').checkVisibility()") is False
    assert chromium.run("return getComputedStyle(document.documentElement).colorScheme") == "light"


def test_a_preview_of_the_real_engine_marks_what_is_new(control_plane: ControlPlane, tmp_path: Path) -> None:
    stack = DevStack(tmp_path, engine_environment(control_plane, tmp_path))
    previewed = stack.run("preview", "--json")
    assert previewed.code == 0
    (tmp_path / "preview.json").write_text(previewed.text)
    found = replace(of_file("dev"), stack="x")  # as the project of the test calls it
    marks = changes(found, previewed.text).marks
    parts = {part for r in found.releases for part in (r.path, *(w.path for w in r.workloads))}
    assert {part: mark.op for part, mark in marks.items() if part in parts} == dict.fromkeys(parts, "create")
    written = stack.tool("picture", "--preview", str(tmp_path / "preview.json"))
    assert written.stdout.splitlines() == [".pictures/x.svg", ".pictures/x.html"]
    assert "+ new" in (stack.folder / ".pictures/x.svg").read_text()
