"""`python -m tools.verify`: does what is deployed match its configuration? Prints one line for each check."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import checks
from config import ConfigError, read_stack_file
from tools.cluster import observe
from tools.inspection import Check, inspect

_DESCRIPTION: Final = """\
Check a deployed stack against its configuration, on the real Kubernetes API. Nothing is changed.

Reads Pulumi.<stack>.yaml from the working directory and asks the cluster that the stack deploys to:
cluster.kubeconfig and cluster.context of the stack file, else $KUBECONFIG, else ~/.kube/config. No Pulumi, no
passphrase and no Secret's value is needed, only the right to list objects in the stack's namespaces.

It asks whether the namespaces, data services, Deployments, autoscalers, budgets, Services, network policies,
ServiceAccounts and Secrets that the configuration names are there, as configured and available, and whether anything
is there that it does not name. It does not ask what runs inside the pods.
"""

_EPILOG: Final = """\
each line:  ok or FAIL, release, check: why it failed, and the kubectl command that shows more
            (after ok: a remark)
exit code:  0 all passed, 1 some failed, 2 could not be asked: bad configuration, or no cluster to reach

  python -m tools.verify --stack dev
  python -m tools.verify --stack prod --json | jq '.checks[] | select(.passed | not)'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.verify",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", required=True, help="name of the stack, such as dev for Pulumi.dev.yaml")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args(arguments)
    try:
        settings = read_stack_file(Path(f"Pulumi.{options.stack}.yaml"))
        checks.enforce(settings, warn=lambda _: None)
        results = list(inspect(settings, observe(settings)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    print(_as_json(options.stack, results) if options.json else _as_lines(options.stack, results))
    return 0 if all(result.passed for result in results) else 1


def _as_lines(stack: str, results: Sequence[Check]) -> str:
    width = max(len(result.release) for result in results)
    lines = [
        f"{'ok  ' if result.passed else 'FAIL'}  {result.release:{width}}  {result.check}"
        + (f": {result.reason}" if result.reason else "")
        for result in results
    ]
    failed = sum(not result.passed for result in results)
    return "\n".join([*lines, f"{stack}: {len(results) - failed} checks passed, {failed} failed"])


def _as_json(stack: str, results: Sequence[Check]) -> str:
    failed = sum(not result.passed for result in results)
    found = [asdict(result) for result in results]
    return json.dumps({"stack": stack, "passed": len(results) - failed, "failed": failed, "checks": found}, indent=2)


if __name__ == "__main__":
    sys.exit(main())
