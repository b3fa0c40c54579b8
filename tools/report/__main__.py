"""`python -m tools.report`: what a change would do to data, running tasks, permissions and routing."""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from config import ConfigError
from tools import stack_file
from tools.preview import Preview, PreviewError, parse
from tools.report.engine import Engine, EngineError, answer, deployed, marks
from tools.report.kind import KINDS
from tools.report.markdown import markdown
from tools.report.plain import plain
from tools.report.report import report
from tools.report.side import OriginError, Side, at, of_deployed, of_file

_DESCRIPTION: Final = """\
Run a preview of a stack, or read one, and say in one comment what the change would do: to data, to running tasks, to
permissions and to who runs which tasks; each with the setting that causes it. Prints no value of a secret.
"""

_EPILOG: Final = """\
the settings before come from the last update that succeeded, as the engine remembers it; --base takes the stack file
of a commit instead, --before a file. docs/report.md says what each class means and how it is approved.

exit code:  0 nothing waits for an approval, 2 no report could be made; else that of the worst class that waits:
{codes}

  python -m tools.report --stack prod
  python -m tools.report --stack prod --base origin/main --label accepts-routing > comment.md
  python -m tools.report --stack prod --preview preview.json --json | jq '.findings[] | select(.held)'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    path = Path(f"Pulumi.{options.stack}.yaml")
    try:
        preview, before, after = _asked(options, path)
    except (ConfigError, EngineError, OriginError, PreviewError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if preview.errors:
        print("the preview ends early, so there is nothing to judge:", *preview.errors, sep="\n", file=sys.stderr)
        return 2
    made = report(
        options.stack, preview, before, after, labels=options.label, allowed=options.allow, denied=options.deny
    )
    print(json.dumps(plain(made), indent=2) if options.json else markdown(made))
    return made.code


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"            {kind.code} {name}: {kind.meaning}" for name, kind in KINDS.items())
    parser = stack_file.parser("report", _DESCRIPTION, _EPILOG.format(codes=codes), "Markdown")
    parser.add_argument("--preview", type=Path, help="file with a preview that is made already")
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--base", help="commit whose stack file is compared with, such as origin/main")
    origin.add_argument("--before", type=Path, help="stack file that is compared with")
    parser.add_argument("--label", action="append", default=[], help="label of the pull request; any number of times")
    parser.add_argument("--allow", action="append", default=[], choices=KINDS, help="class that needs no approval")
    parser.add_argument("--deny", action="append", default=[], choices=KINDS, help="class that needs one as well")
    return parser


def _asked(options: argparse.Namespace, path: Path) -> tuple[Preview, Side | None, Side]:
    """The preview, and the settings on both sides. What the engine is asked, it is asked at once."""
    after = of_file(path)
    if options.base or options.before:
        before = at(options.base, path) if options.base else of_file(options.before)
        text = options.preview.read_text() if options.preview else answer(Engine(options.stack).preview())
        return parse(text), before, after
    engine = Engine(options.stack)
    with ExitStack() as running:
        preview = None if options.preview else running.enter_context(engine.preview())
        history, secrets = running.enter_context(engine.history()), running.enter_context(engine.secrets())
        text = answer(preview) if preview else options.preview.read_text()
        last = deployed(answer(history))
        known = marks(answer(secrets))
    return parse(text), of_deployed(last, path) if last else None, replace(after, marks=known)


if __name__ == "__main__":
    sys.exit(main())
