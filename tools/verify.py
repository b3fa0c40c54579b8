"""`python -m tools.verify`: does what is deployed match its configuration? Says ok, note or FAIL for each check."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import checks
from config import ConfigError, read_stack_file
from tools.cluster import observe
from tools.inspection import Check, Outcome, inspect

_DESCRIPTION: Final = """\
Check a deployed stack against its configuration, on the real Kubernetes API. Nothing is changed.

Reads Pulumi.<stack>.yaml from the working directory and asks the cluster that the stack deploys to:
cluster.kubeconfig and cluster.context of the stack file, else $KUBECONFIG, else ~/.kube/config. No Pulumi, no
passphrase and no Secret's value is needed, only the right to list objects in the stack's namespaces.

It asks whether the namespaces, data services, Deployments, autoscalers, budgets, Services, network policies,
ServiceAccounts and Secrets that the configuration names are there, as configured and available, and whether anything
is there that it does not name. Where pods are not ready it says why, as Kubernetes tells it. It does not ask what
runs inside the pods.
"""

_EPILOG: Final = """\
each line:  outcome, release, check; after a colon what was found, and the kubectl command that shows more.
            What is ok about one workload or data service is one line; --all shows a line for each check.
outcome:    ok    as configured
            note  as configured, but look at it: something that the stack does not own is missing or in its way, such
                  as an HPA without metrics, a certificate that is not issued yet, a policy created elsewhere
            FAIL  not as configured, missing or not available
exit code:  0 nothing failed (notes do not fail), 1 some failed, 2 could not be asked: bad configuration, or no
            cluster to reach
--json:     {"stack", "passed", "notes", "failed", "checks": [{"release", "check", "outcome", "passed", "reason"}]};
            outcome is ok, note or fail, and a check has passed unless it failed

  python -m tools.verify --stack dev
  python -m tools.verify --stack prod --json | jq '.checks[] | select(.passed | not)'
  python -m tools.verify --stack prod --json | jq '.checks[] | select(.outcome == "note")'
"""

_SHOWN: Final[dict[Outcome, str]] = {"ok": "ok  ", "note": "note", "fail": "FAIL"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.verify",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", required=True, help="name of the stack, such as dev for Pulumi.dev.yaml")
    parser.add_argument("--all", action="store_true", help="print a line for each check, also of those that are ok")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines, with every check")
    options = parser.parse_args(arguments)
    try:
        settings = read_stack_file(Path(f"Pulumi.{options.stack}.yaml"))
        checks.enforce(settings, warn=lambda _: None)
        results = list(inspect(settings, observe(settings)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(_as_json(options.stack, results))
    else:
        print("\n".join((*_lines(results, each=options.all), _summary(options.stack, results))))
    return 0 if all(result.passed for result in results) else 1


def _lines(results: Sequence[Check], *, each: bool) -> Iterator[str]:
    """A line for each check; unless `each` is wanted, the ok ones of one subject share a line before its others."""
    width = max(len(result.release) for result in results)
    for (release, subject), group in groupby(results, key=lambda check: (check.release, check.subject)):
        about = list(group)
        ok = [check for check in about if check.outcome == "ok"]
        if subject and len(ok) > 1 and not each:
            of_all = "" if len(ok) == len(about) else f" of {len(about)}"
            yield f"{_SHOWN['ok']}  {release:{width}}  {subject}: {len(ok)}{of_all} checks"
            about = [check for check in about if check.outcome != "ok"]
        for check in about:
            said = f": {check.reason}" if check.reason else ""
            yield f"{_SHOWN[check.outcome]}  {release:{width}}  {check.check}{said}"


def _summary(stack: str, results: Sequence[Check]) -> str:
    count = Counter(result.outcome for result in results)
    notes = f"{count['note']} note{'' if count['note'] == 1 else 's'}"
    return f"{stack}: {count['ok']} checks passed, {notes}, {count['fail']} failed"


def _as_json(stack: str, results: Sequence[Check]) -> str:
    count = Counter(result.outcome for result in results)
    found = [
        {
            "release": result.release,
            "check": result.check,
            "outcome": result.outcome,
            "passed": result.passed,
            "reason": result.reason,
        }
        for result in results
    ]
    report = {"stack": stack, "passed": count["ok"], "notes": count["note"], "failed": count["fail"], "checks": found}
    return json.dumps(report, indent=2)


if __name__ == "__main__":
    sys.exit(main())
