"""`python -m tools.picture`: a drawing and a page of an installation, and of what a preview would change of it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from tools import stack_file
from tools.picture.changes import changes
from tools.picture.drawing.svg import drawing
from tools.picture.facts import installation
from tools.picture.installation import Installation
from tools.picture.page.page import page
from tools.preview import PreviewError

_DESCRIPTION: Final = """\
Draw what Pulumi.<stack>.yaml describes: releases, pools with what they take and how they scale, data services, who
reaches whom and who serves which tenant; as an SVG, and as one page to search in. Nothing is asked but the file, and
no secret's value is in it.
"""

_EPILOG: Final = """\
lines       on the left, what calls a workload; on the right, what it uses: a sign on a line means that it does
--preview:  marks what a change would do: + new, ~ changes, ± replaced, - goes; make the file by
            `pulumi preview --json --stack <stack> > preview.json`
exit code:  0 the files are written, 2 the stack file or the preview cannot be read

  python -m tools.picture --stack prod
  python -m tools.picture --stack prod --preview preview.json --output artefacts
  python -m tools.picture --stack prod --json | jq '.releases[].workloads[] | {deployment, reaches}'
"""

_FOLDER: Final = Path(".pictures")
"""Where pictures go unless told otherwise; not kept by git."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = stack_file.parser("picture", _DESCRIPTION, _EPILOG, "files")
    parser.add_argument("--preview", type=Path, help="file with what `pulumi preview --json` has printed")
    parser.add_argument("--output", type=Path, default=_FOLDER, help="folder to write into (%(default)s)")
    options = parser.parse_args(arguments)
    settings = stack_file.settings(options.stack)
    if settings is None:
        return 2
    found = installation(options.stack, settings)
    if options.preview:
        try:
            found = replace(found, changes=changes(found, options.preview.read_text()))
        except (OSError, UnicodeDecodeError) as error:
            print(f"{options.preview} cannot be read: {error}", file=sys.stderr)
            return 2
        except PreviewError as error:
            print(f"{options.preview} {error}", file=sys.stderr)
            return 2
    if options.json:
        print(json.dumps(asdict(found), indent=2, default=_plain))
    else:
        _write(found, options.output)
    return 0


def _plain(value: Any) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _write(found: Installation, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for ending, content in (("svg", drawing(found)), ("html", page(found))):
        path = folder / f"{found.stack}.{ending}"
        path.write_text(content, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    sys.exit(main())
