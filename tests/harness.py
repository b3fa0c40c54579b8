"""The one harness: runs a program under Pulumi's mock engine and gives back plain data. Nothing else knows the engine.

`deploy(build)` registers everything, waits until nothing is outstanding and returns a `Deployment` to assert on. It
refuses what the mock engine lets pass: two resources of one URN, and look-ups. Strict typing stops here: the engine's
requests are generated and untyped.
"""

import asyncio
import gc
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import is_dry_run, mocks, rpc, set_all_config, settings
from pulumi.runtime.stack import run_in_stack

from sandbox.plugins.cloud_outputs import cloud_id, cloud_outputs, look_up, with_inputs

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_LIMIT_SECONDS = 60
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Resource:
    """One registered resource: what the engine was told about it."""

    type: str
    name: str
    urn: str
    parent: str
    """URN of the parent."""
    custom: bool
    raw: Mapping[str, Any] = field(repr=False)
    """Inputs with secrets still wrapped."""
    protect: bool
    provider: str
    dependencies: tuple[str, ...]
    stack: tuple[str, ...]
    """Files of the calls that made it, as the state keeps them."""
    delete_timeout: str
    ignored: tuple[str, ...]
    """Paths whose changes are ignored."""
    retained: bool
    """Whether the cloud keeps it when the stack lets it go."""

    @property
    def inputs(self) -> dict[str, Any]:
        """Inputs in plain text."""
        return _unwrapped(self.raw)

    def secret(self, key: str) -> bool:
        """Whether a top-level input reaches the engine as a secret."""
        return is_secret(self.raw[key])


@dataclass(frozen=True)
class Deployment:
    """Everything that a program declared."""

    resources: tuple[Resource, ...]
    finished: frozenset[str]
    """URNs of the components that registered outputs."""
    outputs: Mapping[str, Any]
    warnings: tuple[str, ...]
    asked: tuple[str, ...]
    """Tokens of the look-ups that were made."""

    def all(self, type_: str) -> list[Resource]:
        """Every resource of a type, by name."""
        return sorted((r for r in self.resources if r.type == type_), key=lambda r: r.name)

    def one(self, type_: str, name: str | None = None) -> Resource:
        """The only resource of a type, or the one of that logical name."""
        found = [r for r in self.all(type_) if name is None or r.name == name]
        assert len(found) == 1, f"{len(found)} of {type_} {name or ''}: {[r.name for r in self.all(type_)]}"
        return found[0]

    def awaited_by(self, resource: Resource) -> set[str]:
        """URNs of all that is made before a resource starts to be, directly or not."""
        by_urn = {r.urn: r for r in self.resources}
        found, following = set[str](), [resource]
        while following:
            further = [urn for urn in following.pop().dependencies if urn not in found]
            found.update(further)
            following += [by_urn[urn] for urn in further if urn in by_urn]
        return found

    @property
    def inventory(self) -> list[str]:
        """Every resource as `type name`, sorted: what a golden file holds."""
        return sorted(f"{r.type} {r.name}" for r in self.resources)

    @property
    def objects(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every Kubernetes object with its logical name."""
        return ((r.name, r.inputs) for r in self.resources if r.type.startswith("kubernetes:"))


class _Outputs(mocks.Mocks):
    """Answers of the providers: inputs come back, and a little that only a provider knows."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        state = dict(args.inputs)
        if args.typ == "random:index/randomPassword:RandomPassword":
            state["result"] = f"generated-{args.name}"
        if args.typ == "random:index/randomId:RandomId":
            state["hex"] = "a1b2c3d4e5"[: 2 * int(args.inputs["byteLength"])]
        if args.resource_id:  # something that exists is read
            return args.resource_id, {"metadata": {"name": args.resource_id}}
        package = args.typ.partition(":")[0]
        if package not in ("aws", "gcp", "azure-native"):
            return f"{args.name}-id", state
        if package != "aws" and is_dry_run():  # what only the cloud knows is not known: a look-up would be seen
            return "", {key: value for key, value in state.items() if key != "identity"}
        id_ = cloud_id(args.typ, f"{args.name}-id", args.inputs) if package != "aws" else f"{args.name}-id"
        return id_, with_inputs(cloud_outputs(args.typ, id_, args.inputs), state)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        found = look_up(args.token, args.args)
        if found is None:
            raise AssertionError(f"the program looks up {args.token}, but nothing outside is asked while it runs")
        return found[2], []


class _Monitor(mocks.MockMonitor):
    """Records whole requests; the mock engine would keep the inputs only."""

    def __init__(self) -> None:
        super().__init__(_Outputs())
        self.recorded: dict[str, Resource] = {}
        self.finished: set[str] = set()
        self.outputs: dict[str, Any] = {}
        self.asked: list[str] = []

    def Invoke(self, request: Any) -> Any:
        self.asked.append(request.tok)
        return super().Invoke(request)

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.recorded:
            raise AssertionError(f"two resources have the URN {urn}")
        if request.type != "pulumi:pulumi:Stack":
            self.recorded[urn] = Resource(
                type=request.type,
                name=request.name,
                urn=urn,
                parent=request.parent,
                custom=request.custom,
                raw=_plain(rpc.deserialize_properties(request.object, keep_unknowns=True)),
                protect=request.protect,
                provider=request.provider,
                dependencies=tuple(sorted(request.dependencies)),
                stack=tuple(frame.pc.uri for frame in request.stackTrace.frames),
                delete_timeout=request.customTimeouts.delete,
                ignored=tuple(request.ignoreChanges),
                retained=request.retainOnDelete,
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.finished.add(request.urn)
        if "pulumi:pulumi:Stack" in request.urn:
            self.outputs = _plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)


def deploy(
    build: Callable[[], object],
    *,
    config: Mapping[str, object] | None = None,
    secrets: Mapping[str, str] | None = None,
    preview: bool = False,
    stack: str = "test",
) -> Deployment:
    """Run `build` as a Pulumi program and return what it declared.

    `config` holds keys without prefix, objects as they are; `secrets` are encrypted keys. Raises what the
    program raises.
    """
    plain = {f"noxus:{key}": _config_text(value) for key, value in (config or {}).items()}
    encrypted = {f"noxus:{key}": value for key, value in (secrets or {}).items()}
    set_all_config({**plain, **encrypted}, list(encrypted))

    def program() -> None:
        build()

    monitor, log = _Monitor(), _Warnings()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # before set_mocks, which makes a root stack of its own on the current loop
    settings.ROOT.set(None)
    mocks.set_mocks(_Outputs(), project="noxus", stack=stack, preview=preview, monitor=monitor, logger=log)
    current: Any = settings.SETTINGS
    current.callbacks = _Hooks()
    settings.ROOT.set(None)  # the SDK's own entry point makes the root stack that exports are registered on
    try:
        loop.run_until_complete(asyncio.wait_for(run_in_stack(program), _LIMIT_SECONDS))
    finally:
        for task in asyncio.all_tasks(loop):  # left over when the program has failed
            task.cancel()
        loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
        settings.ROOT.set(None)
        asyncio.set_event_loop(None)
        loop.close()
        gc.enable()  # the program has switched it off for itself; here many of them run
    return Deployment(
        tuple(monitor.recorded.values()),
        frozenset(monitor.finished),
        monitor.outputs,
        tuple(log.messages),
        tuple(monitor.asked),
    )


def _config_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Hooks:
    """Takes error hooks as the engine would. Nothing fails under the mock engine, so none is ever called."""

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        assert callable(hook)


class _Warnings(logging.Logger):
    """Keeps what the program warns of."""

    def __init__(self) -> None:
        super().__init__("pulumi")
        self.messages: list[str] = []

    def warning(self, msg: object, *args: object, **kwargs: Any) -> None:
        del args, kwargs
        self.messages.append(str(msg))


def _plain(value: Any) -> Any:
    """Engine values as plain data; unknowns as the word `unknown`, secrets stay wrapped."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Unknown):
        return "unknown"
    if isinstance(value, float) and value.is_integer():
        return int(value)  # the wire has no integers
    return value


def is_secret(value: Any) -> bool:
    """Whether the engine was told that this value is a secret."""
    return isinstance(value, Mapping) and value.get(_SIGNATURE) == _SECRET


def _unwrapped(value: Any) -> Any:
    if is_secret(value):
        return _unwrapped(value["value"])
    if isinstance(value, Mapping):
        return {key: _unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    return value
