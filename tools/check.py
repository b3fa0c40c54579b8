"""`python -m tools.check`: what the checks say about a stack file. No engine, no cluster, no passphrase."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import checks
from checks.effective_environment import effective_environment
from config import StackSettings
from tools import stack_file

_DESCRIPTION: Final = """\
Say everything that the checks find in Pulumi.<stack>.yaml: errors, which also stop a preview; warnings, which a preview
shows; and notes, which are shown here only. Nothing is asked but the file.
"""

_EPILOG: Final = """\
each line:  severity, setting: what is the matter and what to write instead
--env:      where each variable of each pool comes from, weakest source first; the last one wins. Never a value.
exit code:  0 no error, 1 errors, 2 the file cannot be read

  python -m tools.check --stack dev
  python -m tools.check --stack dev --env --json | jq '.environment["primary.pools.default"]'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = stack_file.parser("check", _DESCRIPTION, _EPILOG, "lines")
    parser.add_argument("--env", action="store_true", help="show where each variable of each pool comes from")
    options = parser.parse_args(arguments)
    settings = stack_file.settings(options.stack)
    if settings is None:
        return 2
    found = checks.findings(settings)
    if options.json:
        environment = {"environment": effective_environment(settings)} if options.env else {}
        print(json.dumps({"findings": [_plain(finding) for finding in found], **environment}, indent=2))
    else:
        print("\n".join(_lines(settings, found, env=options.env)))
    return 1 if any(finding.severity == "error" for finding in found) else 0


def _plain(finding: checks.Finding) -> dict[str, str]:
    return {key: value for key, value in asdict(finding).items() if key != "rank"}


def _lines(settings: StackSettings, found: Sequence[checks.Finding], *, env: bool) -> list[str]:
    lines = [f"{finding.severity:7}  {finding.path}: {finding.message}" for finding in found] or ["nothing found"]
    if env:
        for pool, variables in effective_environment(settings).items():
            width = max(len(variable) for variable in variables)
            lines += ["", pool]
            lines += [f"  {variable:{width}}  {' < '.join(variables[variable])}" for variable in sorted(variables)]
    return lines


if __name__ == "__main__":
    sys.exit(main())
