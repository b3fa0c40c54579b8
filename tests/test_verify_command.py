"""`python -m tools.verify` as an operator sees it: lines, JSON, exit codes, and what it asks the Kubernetes API."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from components.kubernetes.labels import PART_OF
from tests.programs import ROOT, with_pool
from tests.snapshots import Objects, dev_cluster, observed
from tools import verify


@pytest.fixture
def cluster() -> Objects:
    return dev_cluster()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, cluster: Objects) -> Objects:
    """The command in the repository, with a cluster that answers."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(verify, "observe", lambda _: observed(cluster))
    return cluster


def broken(cluster: Objects) -> None:
    """Two faults of one pool, and a note about another."""
    deployment = cluster["Deployment", "noxus-acme", "acme-flow"]
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "worker:1"
    deployment["status"] = {"observedGeneration": 1, "updatedReplicas": 1}
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    container = {"name": "worker", "state": {"waiting": waiting}, "lastState": {"terminated": ended}}
    cluster["Pod", "noxus-acme", "acme-flow-0"]["status"] = {"phase": "Running", "containerStatuses": [container]}
    inactive = {"type": "ScalingActive", "status": "False", "message": "no metrics"}
    cluster["HorizontalPodAutoscaler", "noxus-acme", "acme-chat"]["status"] = {"conditions": [inactive]}


HEALTHY = """\
ok    data   namespace noxus-data
ok    data   network policies
ok    data   bucket: 3 checks
ok    data   postgres: 3 checks
ok    data   redis: 3 checks
ok    data   postgres-setup: complete
ok    data   postgres-queue: complete
ok    data   nothing else
ok    noxus  namespace noxus
ok    noxus  network policies
ok    noxus  ServiceAccount
ok    noxus  migrations: complete
ok    noxus  noxus-backend: 13 checks
ok    noxus  noxus-frontend: 13 checks
ok    noxus  noxus-relays: 13 checks
ok    noxus  noxus-scheduler: 9 checks
ok    noxus  noxus-default: 10 checks
ok    noxus  noxus-kb: 10 checks
ok    noxus  nothing else
ok    acme   namespace noxus-acme
ok    acme   network policies
ok    acme   ServiceAccount
ok    acme   quota
"""
FAILED = """\
FAIL  acme   acme-flow: available: 0 of 1 replicas available, 1 up to date; \
pod acme-flow-0: container worker: CrashLoopBackOff after OOMKilled, exit code 137; \
see `kubectl -n noxus-acme logs acme-flow-0 -c worker --previous`
"""
IMAGE = """\
FAIL  acme   acme-flow: image: image is "worker:1", expected "registry.example.com/noxus/worker:2026.11.0"; \
see `kubectl -n noxus-acme describe deployment acme-flow`
"""
NOTE = """\
note  acme   acme-chat: autoscaler: ScalingActive is False: no metrics; \
see `kubectl -n noxus-acme describe horizontalpodautoscaler acme-chat`
"""


def test_what_is_ok_about_one_workload_is_one_line(command: Objects, capsys: pytest.CaptureFixture[str]) -> None:
    del command
    assert verify.main(["--stack", "dev"]) == 0
    assert capsys.readouterr().out == (
        f"{HEALTHY}ok    acme   acme-flow: 10 checks\n"
        "ok    acme   acme-chat: 10 checks\n"
        "ok    acme   nothing else\n"
        "dev: 112 checks passed, 0 notes, 0 failed\n"
    )


def test_failures_and_notes_have_lines_of_their_own_where_they_occur(
    command: Objects, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(command)
    assert verify.main(["--stack", "dev"]) == 1
    assert capsys.readouterr().out == (
        f"{HEALTHY}ok    acme   acme-flow: 8 of 10 checks\n{FAILED}{IMAGE}"
        f"ok    acme   acme-chat: 9 of 10 checks\n{NOTE}"
        "ok    acme   nothing else\n"
        "dev: 109 checks passed, 1 note, 2 failed\n"
    )


def test_every_check_has_a_line_when_asked_for(command: Objects, capsys: pytest.CaptureFixture[str]) -> None:
    broken(command)
    assert verify.main(["--stack", "dev", "--all"]) == 1
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 109 + 1 + 2 + 1
    assert said.endswith(
        f"{FAILED}{IMAGE}"
        "ok    acme   acme-flow: literal env\n"
        "ok    acme   acme-flow: envFrom order\n"
        "ok    acme   acme-flow: Secrets\n"
        "ok    acme   acme-flow: identity\n"
        "ok    acme   acme-flow: placement\n"
        "ok    acme   acme-flow: autoscaler\n"
        "ok    acme   acme-flow: disruption budget\n"
        "ok    acme   acme-flow: headless Service\n"
        "ok    acme   acme-chat: available\n"
        "ok    acme   acme-chat: image\n"
        "ok    acme   acme-chat: literal env\n"
        "ok    acme   acme-chat: envFrom order\n"
        "ok    acme   acme-chat: Secrets\n"
        "ok    acme   acme-chat: identity\n"
        "ok    acme   acme-chat: placement\n"
        f"{NOTE}"
        "ok    acme   acme-chat: disruption budget\n"
        "ok    acme   acme-chat: headless Service\n"
        "ok    acme   nothing else\n"
        "dev: 109 checks passed, 1 note, 2 failed\n"
    )


def test_notes_do_not_fail_the_command(command: Objects, capsys: pytest.CaptureFixture[str]) -> None:
    del command["ScaledObject", "noxus-acme", "acme-flow"]["status"]
    del command["Secret", "noxus", "noxus-backend-tls"]
    assert verify.main(["--stack", "dev"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "dev: 110 checks passed, 2 notes, 0 failed"


def test_the_command_writes_one_json_object(command: Objects, capsys: pytest.CaptureFixture[str]) -> None:
    broken(command)
    assert verify.main(["--stack", "dev", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert {key: report[key] for key in report if key != "checks"} == {
        "stack": "dev",
        "passed": 109,
        "notes": 1,
        "failed": 2,
    }
    assert len(report["checks"]) == 109 + 1 + 2
    assert report["checks"][0] == {
        "release": "data",
        "check": "namespace noxus-data",
        "outcome": "ok",
        "passed": True,
        "reason": "",
    }
    assert [check for check in report["checks"] if check["outcome"] != "ok"][1:] == [
        {
            "release": "acme",
            "check": "acme-flow: image",
            "outcome": "fail",
            "passed": False,
            "reason": IMAGE.removeprefix("FAIL  acme   acme-flow: image: ").strip(),
        },
        {
            "release": "acme",
            "check": "acme-chat: autoscaler",
            "outcome": "note",
            "passed": True,
            "reason": NOTE.removeprefix("note  acme   acme-chat: autoscaler: ").strip(),
        },
    ]


def _kubeconfig(path: Path, server: str, current: str = "here") -> str:
    named = {"context": {"cluster": "there", "user": "me"}, "name": "here"}
    clusters = [{"cluster": {"server": server}, "name": "there"}]
    users = [{"name": "me", "user": {"token": "t"}}]
    document = {"contexts": [named], "clusters": clusters, "users": users, "current-context": current}
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture
def api_server(cluster: Objects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, int]]:
    """Answers as the API server does, or with a status given for a plural. KEDA's custom resources are not served."""
    refused: dict[str, int] = {"scaledobjects": 404, "triggerauthentications": 404}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            namespace, _, plural = url.path.partition("/namespaces/")[2].partition("/")
            if plural.endswith("/proxy/status/health"):
                self.send_response(refused.get("health", 200))
                self.end_headers()
                self.wfile.write(b'{"kind": "Status", "message": "no endpoints"}' if "health" in refused else b"well")
                return
            whole = plural != "secrets"
            assert whole == (self.headers["Accept"] == "application/json"), "no Secret's value is asked for"
            irregular = {"networkpolicies": "networkpolicy", "ingresses": "ingress"}
            kind = irregular.get(plural, plural.removesuffix("s"))
            found = [item for (of, within, _), item in cluster.items() if (of.lower(), within) == (kind, namespace)]
            for label, value in (text.split("=") for text in parse_qs(url.query).get("labelSelector", [])):
                found = [item for item in found if item["metadata"].get("labels", {}).get(label) == value]
            items = [{key: value for key, value in item.items() if key != "kind"} for item in found]
            answer = {"items": items} if plural else cluster["Namespace", namespace, namespace]
            code = refused.get(plural, 200)
            if code == 429:
                del refused[plural]  # busy once
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_request(self, code: object = "-", size: object = "-") -> None:
            del code, size  # nothing of it belongs into a test's output

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("KUBECONFIG", _kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{server.server_port}"))
        yield refused
        server.shutdown()
        thread.join()


def test_the_command_asks_the_kubernetes_api(api_server: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main(["--stack", "dev"]) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert [line.partition("; ")[0] for line in failed] == [
        "FAIL  acme   acme-flow: autoscaler: ScaledObject acme-flow does not exist"
    ], "nothing but KEDA is missing"
    api_server["health"] = 503
    assert verify.main(["--stack", "dev"]) == 1
    said = capsys.readouterr().out
    assert said.count("not asked, the API server does not get through: no endpoints") == 3
    assert len([line for line in said.splitlines() if line.startswith("FAIL")]) == 1
    api_server["secrets"] = 403
    assert verify.main(["--stack", "dev"]) == 2
    refusal = "cluster: refused GET /api/v1/namespaces/noxus-data/secrets: 403 Forbidden; ask `kubectl auth"
    assert refusal in capsys.readouterr().err


def test_an_api_server_that_is_busy_is_asked_again(
    api_server: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    api_server["scaledobjects"] = 429
    assert verify.main(["--stack", "dev"]) < 2, "2: it could not be asked"
    assert "ScaledObject acme-flow does not exist" not in capsys.readouterr().out
    assert "scaledobjects" not in api_server


def test_the_command_asks_for_the_pods_of_the_platform_only(
    api_server: dict[str, int], cluster: Objects, capsys: pytest.CaptureFixture[str]
) -> None:
    del api_server
    cluster["Deployment", "noxus", "noxus-kb"]["status"] = {"observedGeneration": 1, "updatedReplicas": 1}
    starting = {"name": "worker", "started": False, "state": {"running": {"startedAt": "2026-07-01T10:00:00Z"}}}
    own = cluster["Pod", "noxus", "noxus-kb-0"]
    own["status"] = {"phase": "Running", "containerStatuses": [starting]}
    labels = {label: value for label, value in own["metadata"]["labels"].items() if label != PART_OF}
    metadata = {**own["metadata"], "name": "a-copy-to-debug", "labels": labels}
    cluster["Pod", "noxus", "a-copy-to-debug"] = {**own, "metadata": metadata}
    assert verify.main(["--stack", "dev"]) == 1
    (said,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL  noxus")]
    assert re.sub(r"for \d+ \w+", "for some time", said) == (
        "FAIL  noxus  noxus-kb: available: 0 of 1 replicas available, 1 up to date; pod noxus-kb-0: container worker "
        "has been running for some time, but its startup probe has not passed yet; "
        "see `kubectl -n noxus describe pod noxus-kb-0`"
    )


@pytest.mark.parametrize(
    ("current", "message"),
    [
        ("here", "cannot reach the Kubernetes API server https://127.0.0.1:1 of context 'here'"),
        ("elsewhere", "cluster.context: no such context in the kubeconfig (got 'elsewhere')"),
    ],
)
def test_a_cluster_that_cannot_be_asked_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], current: str, message: str
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("KUBECONFIG", _kubeconfig(tmp_path / "kubeconfig", "https://127.0.0.1:1", current))
    assert verify.main(["--stack", "dev", "--json"]) == 2
    said = capsys.readouterr()
    assert (said.out, message in said.err) == ("", True), said.err


UNASKED = {"autoscaling": {"type": "keda", "maxReplicas": 2}}
"""A scaler without a query: a fault that only the checks over the whole configuration see."""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "Pulumi.test.yaml is not valid:\n  - file: cannot be read: No such file or directory"),
        ("config: {noxus:clowd: aws}", "clowd: no such setting; did you mean cloud?"),
        (
            f"config: {json.dumps({f'noxus:{key}': value for key, value in with_pool(**UNASKED).items()})}",
            "workers.acme.pools.flow.autoscaling.query: required with type keda",
        ),
    ],
)
def test_a_bad_stack_file_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, message: str
) -> None:
    if text:
        (tmp_path / "Pulumi.test.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert verify.main(["--stack", "test"]) == 2
    said = capsys.readouterr()
    assert (said.out, message in said.err) == ("", True), said.err
