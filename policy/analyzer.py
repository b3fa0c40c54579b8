"""The rules as the engine asks for them: one resource at a time before it is made, and all of them in the end.

In the end the engine shows what the providers have answered, in which an API server has filled in what nobody
declared. So what was declared is remembered from before, and it is that which the rules about everything are asked of.
"""

import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerServicer, add_AnalyzerServicer_to_server
from typing_extensions import override

from .rules import RULES, Finding, Node, Resource, Rule, Undecided
from .wire import read

PACK: Final = "noxus"
VERSION: Final = "0.1.0"
"""The engine shows the version in PulumiPolicy.yaml, which is the same."""
LEVELS: Final[Mapping[str, Any]] = {"advisory": pb.ADVISORY, "mandatory": pb.MANDATORY}
UNLIMITED: Final = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
DOCUMENT: Final = "docs/policy.md"


class Analyzer(AnalyzerServicer):
    """Answers one engine for one run."""

    def __init__(self) -> None:
        self._configured: dict[str, pb.PolicyConfig] = {}
        self._config: dict[str, dict[str, Any]] = {}
        self._declared: dict[str, Resource] = {}

    @override
    def Handshake(self, request: Any, context: Any) -> pb.AnalyzerHandshakeResponse:
        del request, context
        return pb.AnalyzerHandshakeResponse()

    @override
    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        del request, context
        return plugin_pb2.PluginInfo(version=VERSION)

    @override
    def GetAnalyzerInfo(self, request: Any, context: Any) -> pb.AnalyzerInfo:
        del request, context
        policies = [_described(rule) for rule in RULES]
        return pb.AnalyzerInfo(name=PACK, version=VERSION, supportsConfig=True, policies=policies)

    @override
    def Configure(self, request: pb.ConfigureAnalyzerRequest, context: Any) -> Empty:
        """What `--policy-pack-config` says: levels, and settings of rules."""
        del context
        self._configured = dict(request.policyConfig)
        self._config = {name: MessageToDict(config.properties) for name, config in self._configured.items()}
        return Empty()

    @override
    def ConfigureStack(self, request: Any, context: Any) -> pb.AnalyzerStackConfigureResponse:
        del request, context
        return pb.AnalyzerStackConfigureResponse()

    @override
    def Remediate(self, request: Any, context: Any) -> pb.RemediateResponse:
        """Nothing is changed on its way: what a program declares is what a reviewer has read."""
        del request, context
        return pb.RemediateResponse()

    @override
    def Analyze(self, request: pb.AnalyzeRequest, context: Any) -> pb.AnalyzeResponse:
        del context
        resource = _resource(request, declared=True)
        self._declared[resource.urn] = resource
        return pb.AnalyzeResponse(
            diagnostics=[
                diagnostic
                for rule in self._asked()
                if rule.about(resource.type)
                for diagnostic in self._said(rule, rule.findings(resource, self._config.get(rule.name, {})))
            ]
        )

    @override
    def AnalyzeStack(self, request: pb.AnalyzeStackRequest, context: Any) -> pb.AnalyzeResponse:
        del context
        resources = [
            self._declared.get(resource.urn) or _resource(resource, declared=False) for resource in request.resources
        ]
        return pb.AnalyzeResponse(
            diagnostics=[
                diagnostic for rule in self._asked() for diagnostic in self._said(rule, rule.findings_of_all(resources))
            ]
        )

    def _asked(self) -> Iterator[Rule]:
        return (rule for rule in RULES if self._level(rule) != pb.DISABLED)

    def _level(self, rule: Rule) -> Any:
        configured = self._configured.get(rule.name)
        level = configured.enforcementLevel if configured else LEVELS[rule.level]
        return pb.MANDATORY if level == pb.REMEDIATE else level  # nothing is repaired here, so it is refused

    def _said(self, rule: Rule, findings: Iterable[Finding]) -> Iterator[pb.AnalyzeDiagnostic]:
        """Violations, and in one warning for each resource what a preview cannot decide."""
        undecided: dict[str, list[str]] = {}
        for finding in findings:
            if isinstance(finding, Undecided):
                undecided.setdefault(finding.urn, []).append(finding.path)
            else:
                text = f"{finding.path}: {finding.sentence}" if finding.path else finding.sentence
                yield _diagnostic(rule, text, self._level(rule), finding.urn)
        for urn, paths in undecided.items():
            known = ", ".join(sorted(set(paths)))
            text = f"not decided by a preview: {known} will be known in the update, which then decides"
            yield _diagnostic(rule, text, pb.ADVISORY, urn)


def serve() -> None:
    """Answer the engine until it is done: the port is the first line of what is printed, and there is no other."""
    server = grpc.server(ThreadPoolExecutor(), options=UNLIMITED)
    add_AnalyzerServicer_to_server(Analyzer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def stop(_signal: int, _frame: object) -> None:
        server.stop(grace=None)

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _resource(request: pb.AnalyzeRequest | pb.AnalyzerResource, *, declared: bool) -> Resource:
    return Resource(
        type=request.type,
        name=request.name,
        urn=request.urn,
        inputs=Node(read(MessageToDict(request.properties))),
        protect=request.options.protect,
        provider=request.provider.urn,
        declared=declared,
    )


def _described(rule: Rule) -> pb.PolicyInfo:
    schema = pb.PolicyConfigSchema()
    schema.properties.update(rule.config)
    return pb.PolicyInfo(
        name=rule.name,
        displayName=rule.name.replace("-", " "),
        description=rule.says,
        enforcementLevel=LEVELS[rule.level],
        policy_type=pb.POLICY_TYPE_STACK if rule.stack and not rule.checks else pb.POLICY_TYPE_RESOURCE,
        configSchema=schema if rule.config else None,
        url=DOCUMENT,
    )


def _diagnostic(rule: Rule, text: str, level: Any, urn: str) -> pb.AnalyzeDiagnostic:
    return pb.AnalyzeDiagnostic(
        policyName=rule.name,
        policyPackName=PACK,
        policyPackVersion=VERSION,
        description=rule.says,
        message=f"{rule.says}\n{text}",
        enforcementLevel=level,
        urn=urn,
    )
