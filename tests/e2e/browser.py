"""A real browser for tests: Chromium without a window, driven by ChromeDriver over WebDriver's plain HTTP.

Both are Debian's, unpacked beside the other parts of the sandbox if the machine has none. What runs, runs below one
process that a test has started and ends.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from tests.e2e.debian import package

START_SECONDS: Final = 60
"""For ChromeDriver to listen, and for Chromium to start."""
COMMAND_SECONDS: Final = 60
"""For any one command."""

_LISTENS: Final = re.compile(r"started successfully on port (\d+)")
_QUIET: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


@dataclass(frozen=True)
class _Programs:
    """Where the browser and its driver are, and what they need to find their libraries."""

    browser: Path
    driver: Path
    environment: Mapping[str, str]


def _programs() -> _Programs:
    """Those of the machine, else Debian's, unpacked. Raises `SandboxError` if there are none to be had."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser and driver:
        return _Programs(Path(browser), Path(driver), {})
    unpacked = package("chromium-driver")
    home = unpacked.folder / "usr/lib/chromium"
    folders = (
        unpacked.environment["LD_LIBRARY_PATH"],
        *map(str, unpacked.folder.glob("usr/lib/*/pulseaudio")),
        str(home),
    )
    return _Programs(home / "chromium", unpacked.program("chromedriver"), {"LD_LIBRARY_PATH": os.pathsep.join(folders)})


@dataclass(frozen=True)
class Browser:
    """One page at a time."""

    port: int
    """Of its driver."""
    session: str

    def open(self, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a file as a visitor with such a screen does."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", **screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", features=[scheme], media="")
        self._post("url", {"url": file.as_uri()})

    def run(self, script: str, *arguments: object) -> Any:
        """What a script in the page returns."""
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def requested(self) -> Sequence[str]:
        """Addresses that have been asked for since the last time."""
        entries = self._post("se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("data:", "blob:"))]

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def screenshot(self, file: Path) -> None:
        """Write the whole page as a PNG."""
        taken = self._devtools("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))

    def emulate_print(self) -> None:
        """Show the page as it would be on paper."""
        self._devtools("Emulation.setEmulatedMedia", media="print", features=[])

    def printed(self) -> int:
        """Print the page; how many sheets it takes."""
        made = base64.b64decode(self._devtools("Page.printToPDF", preferCSSPageSize=True)["data"])
        return len(re.findall(rb"/Type\s*/Page\b", made))

    def _devtools(self, command: str, **parameters: object) -> Any:
        return self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def _post(self, path: str, body: Mapping[str, object]) -> Any:
        return _asked(self.port, "POST", f"/session/{self.session}/{path}", body)


def _asked(port: int, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=COMMAND_SECONDS)
    with closing(connection):
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        value = json.loads(answer.read())["value"]
    assert answer.status == HTTPStatus.OK, value["message"]
    return value


@contextmanager
def started() -> Iterator[Browser]:
    """A browser with a profile of its own; at the end it and all that it has started is gone."""
    programs = _programs()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, **programs.environment, "HOME": folder, "TMPDIR": folder}
        log = Path(folder, "chromedriver.log")
        with log.open("w") as output:
            driver = subprocess.Popen(
                [programs.driver, "--port=0"], env=environment, stdout=output, stderr=output, start_new_session=True
            )
        try:
            port = _port(driver, log)
            options = {"binary": str(programs.browser), "args": [*_QUIET, f"--user-data-dir={folder}/profile"]}
            wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"performance": "ALL"}}
            session = _asked(port, "POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            browser = Browser(port, session)
            try:
                browser.run("location.replace('about:blank')")  # away from the browser's own first page
                browser.requested()
                yield browser
            finally:
                with suppress(OSError, AssertionError):
                    _asked(port, "DELETE", f"/session/{session}")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(driver.pid, signal.SIGKILL)
            driver.wait()


def _port(driver: subprocess.Popen[bytes], log: Path) -> int:
    """The port that the driver has chosen."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and driver.poll() is None:
        if found := _LISTENS.search(log.read_text()):
            return int(found[1])
        with suppress(subprocess.TimeoutExpired):
            driver.wait(timeout=0.05)
    raise AssertionError(f"chromedriver does not listen: {log.read_text()}")
