"""What this program relies on in the Kubernetes plugin, asked of the one that is in use: built here, fetched, or yours.

A plugin of another version that differs in one of these points would change what the program does.
"""

import base64
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.workloads.controllers import ACCEPTED
from sandbox.control_plane import ControlPlane
from tests.e2e.kubectl import Kubectl, eventually
from tests.e2e.processes import listeners, plugins
from tests.e2e.stack import Outcome, Stack
from tools.recover import recovered

WORKLOADS = """
config_map("settings", {"level": "LEVEL"}, named=False)
texts = {"password": pulumi.Output.secret("PASSWORD"), "user": "user-in-a-secret"}
k8s.core.v1.Secret("keys", metadata=meta("keys"), string_data=texts, opts=options())
token = {"name": "TOKEN", "value": pulumi.Output.secret("token-in-an-env")}
resources = {"requests": {"cpu": "1000m"}}
container = {"name": "main", "image": "none", "env": [token], "resources": resources}
deployment("web", replicas=REPLICAS, app="APP", containers=[container])
service("front", "APP")
service("headless", "nobody", cluster_ip="None")
service("skipped", "nobody", skipAwait="true")
job("migrate")
spec = {"serviceName": "headless", "selector": {"matchLabels": {"app": "db"}}, "template": pods({"app": "db"})}
k8s.apps.v1.StatefulSet("db", metadata=meta("db"), spec=spec, opts=options())
claim("volume")
ingress("entry", "front")
"""

WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.plugins.example.com}
spec:
  group: plugins.example.com
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
            status: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""

LATE_CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: NAME}
provisioner: example.com/none
volumeBindingMode: WaitForFirstConsumer
"""


@pytest.fixture
def kubectl(control_plane: Any) -> Iterator[Kubectl]:
    client = Kubectl(control_plane.kubeconfig)
    client("create", "namespace", client.namespace)
    yield client
    client("delete", "namespace", client.namespace, "--wait=false", "--ignore-not-found")


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str], kubectl: Kubectl) -> Stack:
    return Stack(tmp_path, {**environment, "NAMESPACE": kubectl.namespace})


def workloads(**values: str) -> str:
    program = WORKLOADS
    for name, value in ({"LEVEL": "info", "PASSWORD": "first", "REPLICAS": "2", "APP": "web"} | values).items():
        program = program.replace(name, value)
    return program


def said_of(outcome: Outcome, name: str) -> list[str]:
    """What the display said of the resource with this logical name, in order."""
    return re.findall(rf"^[ +~-]+ kubernetes:\S+ {name} (.*)$", outcome.text, re.MULTILINE)


def test_objects_are_made_awaited_updated_and_left_alone(stack: Stack, kubectl: Kubectl) -> None:
    made = stack.up(workloads())
    assert made.code == 0, made.text
    for kind, name in (("Deployment", "web"), ("Service", "front"), ("StatefulSet", "db"), ("Ingress", "entry")):
        assert f"{kind} initialization complete" in " ".join(said_of(made, name)), made.text
    assert kubectl.get("job", "migrate")["status"]["succeeded"] == 1
    assert kubectl.get("statefulset", "db")["status"]["readyReplicas"] == 1

    exported, resources = stack.export(), stack.resources()
    assert resources["web"]["id"] == f"{kubectl.namespace}/web"
    settings = resources["settings"]
    assert re.fullmatch(r"settings-[0-9a-f]{8}", settings["inputs"]["metadata"]["name"])
    assert settings["inputs"]["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert settings["outputs"]["__inputs"] == settings["inputs"]
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", settings["outputs"]["__fieldManager"])
    assert settings["outputs"]["metadata"]["managedFields"][0]["manager"] == "pulumi-kubernetes"
    for secret in ("first", "user-in-a-secret", "token-in-an-env"):
        assert secret not in exported + made.text
        assert base64.b64encode(secret.encode()).decode() not in exported + made.text
    assert "data" in resources["keys"]["inputs"]
    assert "stringData" not in resources["keys"]["inputs"]

    again = stack.up()
    assert again.changes == {"unchanged": len(resources)}

    changed = stack.up(workloads(PASSWORD="second", LEVEL="debug", REPLICAS="3"))
    assert changed.changes == {"updated": 3, "unchanged": len(resources) - 3}, changed.text
    assert kubectl.get("deployment", "web")["status"]["availableReplicas"] == 3
    assert kubectl.get("secret", "keys")["data"]["password"] == base64.b64encode(b"second").decode()
    owners = {entry["manager"] for entry in kubectl.get("secret", "keys")["metadata"]["managedFields"]}
    assert owners == {resources["keys"]["outputs"]["__fieldManager"]}, "the creator must own nothing after an update"


def test_what_cannot_change_in_place_is_replaced_and_a_fixed_name_is_freed_first(
    stack: Stack, kubectl: Kubectl
) -> None:
    stack.environment["MUTABLE"] = "false"
    program = """
        config_map("auto", {"level": "LEVEL"}, named=False)
        config_map("named", {"level": "LEVEL"})
        deployment("web", app="APP")
    """
    assert stack.up(program).code == 0
    first = stack.resources()
    replaced = stack.up(program.replace("LEVEL", "debug").replace("APP", "other"))
    assert replaced.changes == {"replaced": 3, "unchanged": 2}, replaced.text
    steps = {name: [line.split(" (")[0] for line in said_of(replaced, name)] for name in ("auto", "named", "web")}
    for name in ("named", "web"):
        assert steps[name].index("deleted original") < steps[name].index("creating replacement"), replaced.text
    assert steps["auto"].index("created replacement") < steps["auto"].index("deleting original"), replaced.text
    assert stack.resources()["auto"]["id"] != first["auto"]["id"]
    assert {"named"} == {
        name for name in kubectl.names("configmap") if name in ("named", first["auto"]["id"].split("/")[1])
    }


def test_a_preview_says_what_the_api_server_would_refuse(stack: Stack, kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "taken")
    passing = """
        k8s.core.v1.ServiceAccount("taken", metadata=meta("taken"), opts=options())
        k8s.core.v1.ServiceAccount("early", metadata={"name": "a", "namespace": "no-such"}, opts=options())
        k8s.apiextensions.CustomResource(
            "unknown", api_version="no.example.com/v1", kind="Nope", metadata=meta("a"), spec={}, opts=options()
        )
    """
    assert stack.preview(passing).code == 0
    misnamed = stack.preview("""config_map("Not_A_Name", {})""")
    assert misnamed.code != 0
    assert re.search(
        r'Preview failed: resource "urn:\S+::Not_A_Name" was not successfully created by the Kubernetes API server: '
        r'ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value',
        misnamed.text,
    ), misnamed.text
    mistyped = stack.preview("""k8s.core.v1.ConfigMap("a", metadata=meta("a"), data={"a": 5}, opts=options())""")
    assert "cannot be handled as a ConfigMap: json: cannot unmarshal number" in mistyped.text, mistyped.text
    assert kubectl.names("configmap") <= {"kube-root-ca.crt"}


def test_what_cannot_be_made_is_said_and_what_was_made_is_kept(stack: Stack, kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "taken")
    failed = stack.up(
        """
        k8s.core.v1.ServiceAccount("taken", metadata=meta("taken"), opts=options())
        k8s.apiextensions.CustomResource(
            "unknown", api_version="no.example.com/v1", kind="Nope", metadata=meta("a"), spec={}, opts=options()
        )
        deployment("stuck", seconds=2, **NOWHERE)
        job("slow", pod=NOWHERE, activeDeadlineSeconds=1)
        """,
        "--continue-on-error",
    )
    assert failed.code != 0
    refused = "was not successfully created by the Kubernetes API server: "
    unready = "was successfully created, but the Kubernetes API server reported that it failed to fully initialize or"
    for words in (
        rf'"urn:\S+::taken" {refused}serviceaccounts "taken" already exists',
        r'Verify that any required CRDs have been created: no matches for kind "Nope" in version "no.example.com/v1"',
        rf"::stuck\" {unready} become live: 'stuck' timed out waiting to be Ready",
        r"Minimum number of live Pods was not attained",
        rf"::slow\" {unready}",
        r"\[DeadlineExceeded\] Job was active longer than specified deadline",
    ):
        assert re.search(words, failed.text), f"{words}\n{failed.text}"
    kept = stack.resources()
    assert kept.keys() & {"taken", "unknown", "stuck", "slow"} == {"stuck", "slow"}
    assert kept["stuck"]["initErrors"]

    healed = stack.up("""deployment("stuck", seconds=30)""")
    assert healed.code == 0, healed.text
    assert not stack.resources()["stuck"].get("initErrors")


def test_a_cluster_that_cannot_be_reached_fails_the_up_and_not_the_preview(stack: Stack) -> None:
    program = """
        import json
        user, cluster = {"name": "u", "user": {}}, {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
        known = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        kubeconfig = {"clusters": [cluster], "users": [user], "contexts": [known]}
        for context in ("c", "no-such"):
            lost = k8s.Provider(f"lost-{context}", kubeconfig=json.dumps(kubeconfig), context=context)
            k8s.core.v1.Namespace(f"on-{context}", opts=pulumi.ResourceOptions(provider=lost))
    """
    assert stack.preview(program).code == 0
    failed = stack.up(program, "--continue-on-error")
    assert failed.code != 0
    unreachable = "configured Kubernetes cluster is unreachable: unable to load "
    assert f"{unreachable}schema information from the API server" in failed.text, failed.text
    assert f"{unreachable}Kubernetes client configuration from kubeconfig file" in failed.text, failed.text


def test_what_others_do_to_objects_is_seen_by_refresh_alone_and_their_fields_are_not_taken(
    stack: Stack, kubectl: Kubectl
) -> None:
    program = """
        deployment("web", replicas=REPLICAS)
        for name in ("gone", "changed", "labelled"):
            config_map(name, {"level": "info"})
    """
    first = stack.up(program.replace("REPLICAS", "1"))
    assert first.code == 0, first.text
    kubectl("delete", "configmap", "gone")
    kubectl("patch", "configmap", "changed", "--patch", '{"data": {"level": null}}')
    kubectl("label", "configmap", "labelled", "team=others")
    assert set(stack.up().changes) == {"unchanged"}

    refreshed = stack.refresh()
    assert refreshed.changes == {"deleted": 1, "updated": 1, "unchanged": 4}, refreshed.text
    assert "level" not in stack.resources()["changed"]["inputs"].get("data", {})

    kubectl("scale", "deployment", "web", "--replicas=2")
    conflict = stack.up(program.replace("REPLICAS", "3"), "--continue-on-error")
    assert conflict.code != 0
    assert re.search(
        r"(?i)server-side apply field conflict detected[\s\S]*conflict with \"kubectl\"[\s\S]*\.spec\.replicas",
        conflict.text,
    )
    assert kubectl.get("configmap", "gone")
    assert kubectl.get("configmap", "changed")["data"]["level"] == "info"
    assert kubectl.get("configmap", "labelled")["metadata"]["labels"] == {"team": "others"}


def test_what_is_awaited_is_named_when_it_does_not_come_and_can_be_left_unawaited(
    stack: Stack, kubectl: Kubectl
) -> None:
    late = f"late-{kubectl.namespace}"
    kubectl("apply", "-f", "-", stdin=LATE_CLASS.replace("NAME", late))
    failed = stack.up(
        f"""
        container = {{"name": "main", "image": "example.com/app:sandbox-ready-after-600"}}
        deployment("late", annotations={{"skipAwait": "true"}}, containers=[container])
        service("unserved", "late", seconds=5)
        ingress("unrouted", "no-such-service", seconds=2)
        service("skipped", "nobody", skipAwait="true")
        claim("skipped-claim", "no-such-class", skipAwait="true")
        ingress("skipped-ingress", "no-such-service", skipAwait="true")
        service("headless", "nobody", cluster_ip="None")
        claim("waits-for-its-pod", "{late}")
        """,
        "--continue-on-error",
    )
    kubectl("delete", "storageclass", late)
    assert failed.code != 0
    kept = stack.resources()
    assert {name for name in kept if kept[name].get("initErrors")} == {"unserved", "unrouted"}, failed.text
    for name in ("unserved", "unrouted"):
        assert f"'{name}' timed out waiting to be Ready" in failed.text, failed.text
    assert {"skipped", "skipped-claim", "skipped-ingress", "headless", "waits-for-its-pod"} <= kept.keys()


def test_replicas_that_an_autoscaler_owns_stay_and_a_stated_number_can_be_forced(
    stack: Stack, kubectl: Kubectl
) -> None:
    program = """
        deployment("scaled", replicas=None, terminationGracePeriodSeconds=GRACE)
        deployment("forced", replicas=REPLICAS, annotations={"patchForce": "true"})
    """
    assert stack.up(program.replace("REPLICAS", "1").replace("GRACE", "30")).code == 0
    for name in ("scaled", "forced"):
        kubectl("scale", f"deployment/{name}", "--replicas=2")
    changed = stack.up(program.replace("REPLICAS", "3").replace("GRACE", "31"))
    assert changed.code == 0, changed.text
    assert kubectl.get("deployment", "scaled")["spec"]["replicas"] == 2
    assert kubectl.get("deployment", "forced")["spec"]["replicas"] == 3


def test_a_failed_job_is_run_again_by_the_next_up_if_its_annotation_says_so(stack: Stack, kubectl: Kubectl) -> None:
    program = """
        job("patient", pod=NOWHERE, activeDeadlineSeconds=1, annotations={"replaceUnready": "true"})
    """
    assert stack.up(program).code != 0
    first = kubectl.get("job", "patient")["metadata"]["uid"]
    assert stack.up(program).code != 0
    assert kubectl.get("job", "patient")["metadata"]["uid"] != first


def test_a_custom_resource_is_awaited_as_its_annotation_asks(stack: Stack, kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=WIDGETS)
    kubectl("wait", "--for=condition=Established", "crd/widgets.plugins.example.com")
    stack.write("""
        def widget(name, **annotations):
            return k8s.apiextensions.CustomResource(
                name,
                api_version="plugins.example.com/v1",
                kind="Widget",
                metadata=meta(name, **annotations),
                spec={"size": 3},
                opts=options(),
            )

        widget("unawaited")
        widget("ready", waitFor="condition=Ready")
        widget("running", waitFor='["jsonpath={.status.phase}=Running", "jsonpath={.status.address}"]')
    """)
    with stack.start("up", "--yes", "--skip-preview") as engine:
        eventually(lambda: len(kubectl.names("widget")) == 3)
        ready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
        running = {"status": {"phase": "Running"}}
        for _ in range(2):
            patch = ["patch", "widget", "--subresource=status", "--type=merge", "--patch"]
            kubectl(*patch, json.dumps(ready), "ready")
            kubectl(*patch, json.dumps(running), "running")
            assert engine.poll() is None, "one of the conditions does not hold yet"
            ready["status"]["conditions"][0]["status"] = "True"
            running["status"]["address"] = "here"
        text, _ = engine.communicate(timeout=30)
    assert engine.returncode == 0, text


def test_a_route_is_awaited_until_a_gateway_has_taken_it(stack: Stack, kubectl: Kubectl) -> None:
    stack.write(f"""
        k8s.apiextensions.CustomResource(
            "route",
            api_version="gateway.networking.k8s.io/v1",
            kind="HTTPRoute",
            metadata=meta("route", waitFor={ACCEPTED!r}),
            spec={{"parentRefs": [{{"name": "public", "namespace": "gateways"}}], "hostnames": ["app.example.com"]}},
            opts=options(),
        )
    """)

    def report(accepted: str, resolved: str) -> None:
        """What a controller writes in the status of a route."""
        fields = {
            "observedGeneration": 1,
            "reason": "Said",
            "message": "",
            "lastTransitionTime": "2026-08-01T12:00:00Z",
        }
        statuses = {"Accepted": accepted, "ResolvedRefs": resolved}
        conditions = [{"type": kind, "status": status, **fields} for kind, status in statuses.items()]
        parent = {"parentRef": {"name": "public"}, "controllerName": "example.com/gateways", "conditions": conditions}
        patch = json.dumps({"status": {"parents": [parent]}})
        kubectl("patch", "httproute", "route", "--subresource=status", "--type=merge", "--patch", patch)

    with stack.start("up", "--yes", "--skip-preview") as engine:
        eventually(lambda: kubectl.get("httproute", "route"))
        report("False", "True")
        report("True", "False")
        assert engine.poll() is None, "a Gateway has not taken it yet"
        report("True", "True")
        text, _ = engine.communicate(timeout=30)
    assert engine.returncode == 0, text


def test_a_killed_engine_leaves_nothing_that_recovery_would_double_or_orphan(stack: Stack, kubectl: Kubectl) -> None:
    stack.write("""
        config_map("settings", {"level": "info"})
        deployment("web", **NOWHERE)
        labels = {"app": "auto"}
        spec = {"selector": {"matchLabels": labels}, "template": pods(labels, **NOWHERE)}
        k8s.apps.v1.Deployment("auto", metadata=meta(), spec=spec, opts=options())
    """)
    with stack.start("up", "--yes", "--skip-preview") as engine:
        made = eventually(lambda: kubectl.names("deployment") if len(kubectl.names("deployment")) == 2 else None)
        engine.kill()
        output, _ = engine.communicate(timeout=10)  # ends when the last plugin has let go of the pipe
    assert "error" not in output

    assert "currently locked" in stack.up().text
    assert stack.run("cancel", "--yes").code == 0
    assert json.loads(stack.export())["deployment"]["pending_operations"]
    stack.replace_state(recovered(stack.export()))
    refreshed = stack.refresh()
    assert refreshed.code == 0, refreshed.text
    assert stack.resources()["web"]["initErrors"]
    ended = stack.up("""
        config_map("settings", {"level": "info"})
        deployment("web")
        labels = {"app": "auto"}
        spec = {"selector": {"matchLabels": labels}, "template": pods(labels)}
        k8s.apps.v1.Deployment("auto", metadata=meta(), spec=spec, opts=options())
    """)
    assert ended.code == 0, ended.text
    assert kubectl.names("deployment") == made
    assert {resource["id"] for name, resource in stack.resources().items() if name in ("web", "auto")} == {
        f"{kubectl.namespace}/{name}" for name in made
    }


def test_the_engine_and_its_plugins_listen_on_loopback_only(
    stack: Stack, kubectl: Kubectl, control_plane: ControlPlane
) -> None:
    stack.write("""deployment("web", **NOWHERE)""")
    with stack.start("up", "--yes", "--skip-preview") as engine:
        eventually(lambda: kubectl.names("deployment"))
        pids = [process.pid for process in plugins(control_plane.root)]
        found = listeners([engine.pid, *pids])
        engine.send_signal(signal.SIGINT)
        engine.communicate(timeout=30)
    assert len(found) > len(pids) > 0, "each listens, the engine too"
    assert {address.rpartition(":")[0] for address in found.values()} == {"0100007F"}


def test_an_interrupted_up_keeps_what_it_made(stack: Stack, kubectl: Kubectl) -> None:
    stack.write("""deployment("web", **NOWHERE)""")
    with stack.start("up", "--yes", "--skip-preview") as engine:
        eventually(lambda: kubectl.names("deployment"))
        engine.send_signal(signal.SIGINT)
        text, _ = engine.communicate(timeout=30)
    assert engine.returncode != 0
    assert "Traceback" not in text
    assert stack.resources()["web"]["initErrors"], text
    assert "pending_operations" not in stack.export()


def test_a_destroy_waits_until_all_is_gone_and_names_the_finalizer_that_holds_it(
    stack: Stack, kubectl: Kubectl
) -> None:
    made = stack.up(f"""
        names = {{"name": "{kubectl.namespace}-own"}}
        own = k8s.core.v1.Namespace("own", metadata=names, opts=options())
        k8s.core.v1.ConfigMap(
            "held",
            metadata={{"name": "held", "namespace": names["name"], "finalizers": ["example.com/held"]}},
            opts=options(seconds=2, depends_on=[own]),
        )
    """)
    assert made.code == 0, made.text
    held = stack.destroy()
    assert held.code != 0
    assert "finalizers might be preventing deletion (example.com/held)" in held.text, held.text
    own = ["--namespace", f"{kubectl.namespace}-own"]
    kubectl("patch", "configmap", "held", *own, "--type=merge", "--patch", '{"metadata": {"finalizers": null}}')
    gone = stack.destroy()
    assert gone.code == 0, gone.text
    assert not kubectl.get("namespace", f"{kubectl.namespace}-own")
    assert not stack.resources()
