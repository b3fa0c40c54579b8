"""Stand-in for the clouds' and the random providers: takes any resource, makes nothing, and remembers it.

Ids and outputs follow from the inputs, else from the URN, so they never change; random resources are drawn once. Inputs
are not validated, and nothing is looked up but what `clouds/` lists: a preview here says that a program hangs together,
not that a cloud would accept it.
A test that wants an account to remember and refuse brings one, see `ACCOUNT`.
"""

import hashlib
import os
from importlib import import_module
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from sandbox.plugins.cloud_outputs import answers, cloud, cloud_id, cloud_outputs, look_up, with_inputs
from sandbox.plugins.properties import decode, encode
from sandbox.plugins.random_values import SECRET_KINDS, draw
from sandbox.plugins.server import RefusedError, plugin_version

ACCOUNT: Final = "SANDBOX_ACCOUNT"
"""Variable with `<module>:<file>`: that module's `Account`, which remembers in the file, is asked before a change."""


class RecordingProvider:
    """Stands in for the provider called `name`."""

    service = pb.DESCRIPTOR.services_by_name["ResourceProvider"]

    def __init__(self, name: str) -> None:
        self._name = name
        self._settings: dict[str, Any] = {}
        module, _, file = os.environ.get(ACCOUNT, "").partition(":")
        self._account: Any = import_module(module).Account(file) if module and name != "random" else None

    def stop(self) -> None:
        """Nothing here waits."""

    def cancel(self, _request: Empty) -> Empty:
        """Nothing here waits."""
        return Empty()

    def get_plugin_info(self, _request: Empty) -> plugin_pb2.PluginInfo:
        """Of the version that the SDK asks for."""
        return plugin_pb2.PluginInfo(version=plugin_version(f"pulumi_{self._name.replace('-', '_')}"))

    def check_config(self, request: pb.CheckRequest) -> pb.CheckResponse:
        """Any settings will do."""
        return pb.CheckResponse(inputs=request.news)

    def diff_config(self, request: pb.DiffRequest) -> pb.DiffResponse:
        """Another region or account would hold none of the resources, but here it makes no difference."""
        return _diff(request, ())

    def configure(self, request: pb.ConfigureRequest) -> pb.ConfigureResponse:
        """There is nothing to connect to; a project, a region or a subscription is part of ids and outputs."""
        self._settings = decode(request.args)[0]
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def check(self, request: pb.CheckRequest) -> pb.CheckResponse:
        """Any inputs will do."""
        return pb.CheckResponse(inputs=request.news)

    def diff(self, request: pb.DiffRequest) -> pb.DiffResponse:
        """Random resources are drawn again on any change, cloud resources when what `clouds/` lists changes."""
        if self._name == "random":
            return _diff(request, None)
        known = answers(request.type)
        answer, given = _diff(request, known.replaces), set(known.names) & decode(request.old_inputs)[0].keys()
        kept = cloud(self._name).get("deleted_first") or given.isdisjoint(answer.diffs)
        answer.deleteBeforeReplace = bool(answer.replaces and given and kept)  # else the name would still be taken
        return answer

    def create(self, request: pb.CreateRequest) -> pb.CreateResponse:
        """In a preview what only the provider knows is unknown, and so is what it answers in another form."""
        if request.preview:
            for key in [key for key, value in answers(request.type).outputs.items() if isinstance(value, dict)]:
                request.properties.fields.pop(key, None)
            return pb.CreateResponse(properties=request.properties)
        inputs, secrets = decode(request.properties)
        if self._name == "random":
            kind = request.type.rpartition(":")[2]
            try:
                id_, drawn = draw(kind, inputs)
            except KeyError:
                raise RefusedError(f"{kind}: the sandbox's random provider does not make it") from None
            marked = {(output,) for output in drawn} if kind in SECRET_KINDS else set()
            return pb.CreateResponse(id=id_, properties=encode({**inputs, **drawn}, secrets | marked))
        suffix = hashlib.sha256(request.urn.encode()).hexdigest()[:7]
        id_ = cloud_id(request.type, f"{request.name}-{suffix}", {**self._settings, **inputs})
        if self._account:
            self._account.create(request.type, id_, inputs)
        computed = cloud_outputs(request.type, id_, {**self._settings, **inputs})
        return pb.CreateResponse(id=id_, properties=encode(with_inputs(computed, inputs), secrets))

    def read(self, request: pb.ReadRequest) -> pb.ReadResponse:
        """Whatever was recorded is still so. What is imported has a name at least, if the account has it."""
        if not request.properties.fields:
            if not self._account or not self._account.holds(request.type, request.id):
                return pb.ReadResponse()
            named = encode({"name": request.id})
            return pb.ReadResponse(id=request.id, properties=named, inputs=named)
        return pb.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def update(self, request: pb.UpdateRequest) -> pb.UpdateResponse:
        """The same resource with other inputs."""
        inputs, secrets = decode(request.news)
        if self._account and not request.preview:
            self._account.update(request.type, request.id, decode(request.old_inputs)[0], inputs)
        computed = cloud_outputs(request.type, request.id, {**self._settings, **inputs})
        return pb.UpdateResponse(properties=encode(with_inputs(computed, inputs), secrets))

    def delete(self, request: pb.DeleteRequest) -> Empty:
        """There is nothing to delete but an account's memory of it."""
        if self._account:
            self._account.delete(request.type, request.id, decode(request.old_inputs)[0])
        return Empty()

    def invoke(self, request: pb.InvokeRequest) -> pb.InvokeResponse:
        """What is outside is not asked, or a preview would mean another thing on every machine."""
        found = look_up(request.tok, {**self._settings, **decode(request.args)[0]})
        if found is None:
            raise RefusedError(f"{request.tok}: the sandbox looks nothing up; give the value in the stack's file")
        if self._account:
            self._account.look_up(*found[:2])
        response = pb.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(found[2]))
        return response


def _diff(request: pb.DiffRequest, replacing: tuple[str, ...] | None) -> pb.DiffResponse:
    """Changed top-level inputs; those in `replacing`, or all with None, make another resource."""
    old, new = decode(request.old_inputs)[0], decode(request.news)[0]
    changed = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=[key for key in changed if replacing is None or key in replacing],
    )
