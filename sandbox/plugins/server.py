"""The gRPC server every stand-in runs in: prints its port, answers until the engine is done, and ends quietly.

A plugin outlives no engine. Standard input is a pipe from the engine, so its end means that the engine is gone, also
after `kill -9`; an orphan would go on changing the cluster while the next `up` runs.
"""

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

UNLIMITED: Final = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
WORKERS: Final = 64
"""Requests answered at once. Each waiting resource holds one, and the engine's default is 4 per CPU."""


class RefusedError(Exception):
    """What the user is told instead of an answer."""


class Plugin(Protocol):
    """Has a method, in snake case, for each one of `service` that it answers: from request to response."""

    service: ServiceDescriptor

    def stop(self) -> None:
        """Stop waiting for anything: the engine wants to end."""


def installed_plugins(packages: Path) -> list[dict[str, str]]:
    """Name and version of the provider plugin that each Pulumi SDK in a site-packages folder asks for."""
    manifests = (json.loads(path.read_text()) for path in sorted(packages.glob("pulumi_*/pulumi-plugin.json")))
    return [manifest for manifest in manifests if manifest.get("resource")]


def plugin_version(package: str) -> str:
    """The version that the installed SDK `package` expects of its plugin: a stand-in is always of that version."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return "0.0.0"
    return json.loads((Path(spec.origin).parent / "pulumi-plugin.json").read_text())["version"]


def serve(plugin: Plugin) -> None:
    """Answer the engine until it says stop, sends a signal, or is gone."""
    done = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: done.set())

    def watch_engine() -> None:
        sys.stdin.buffer.read()
        done.set()

    server = grpc.server(ThreadPoolExecutor(WORKERS), options=UNLIMITED)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(plugin.service.full_name, dict(_handlers(plugin)))]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    threading.Thread(target=watch_engine, daemon=True).start()
    done.wait()
    plugin.stop()
    server.stop(grace=1).wait()
    os._exit(0)  # a normal exit would join workers that sit in a request


def _handlers(plugin: Plugin) -> Iterator[tuple[str, grpc.RpcMethodHandler]]:
    """Methods that the plugin does not have are answered by gRPC: unimplemented, which the engine understands."""
    for method in plugin.service.methods:
        answer = getattr(plugin, re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower(), None)
        if answer:
            yield method.name, _handler(method, answer)


def _handler(method: MethodDescriptor, answer: Callable[[Any], Message]) -> grpc.RpcMethodHandler:
    def call(request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return answer(request)
        except RefusedError as refused:
            context.abort(grpc.StatusCode.UNKNOWN, str(refused))

    # What answers piece by piece has to know when nobody listens any more.
    make, answers = (
        (grpc.unary_stream_rpc_method_handler, answer)
        if method.server_streaming
        else (grpc.unary_unary_rpc_method_handler, call)
    )
    return make(
        answers,
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )
