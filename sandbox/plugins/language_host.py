"""Stand-in for `pulumi-language-python`: tells the engine which plugins a program needs, runs it, and policy packs.

Leaves out everything but running an existing environment: no `pulumi install`, no `pulumi new`, no packaging, no
debugger, no toolchain option besides `virtualenv`.
"""

import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2 as pb
from pulumi.runtime.proto import plugin_pb2

from sandbox.plugins.server import installed_plugins

ALREADY_REPORTED: Final = 32
"""Exit code of a program whose error the user has seen; the engine must not add a second one."""

EXECUTOR: Final = Path(__file__).with_name("program.py")


class LanguageHost:
    """Runs Python programs in the interpreter of the project's `virtualenv` option, else in its own."""

    service = pb.DESCRIPTOR.services_by_name["LanguageRuntime"]

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._programs: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End the programs that run."""
        with self._lock:
            for program in self._programs:
                program.terminate()

    def cancel(self, _request: Empty) -> Empty:
        """The user wants to end."""
        self.stop()
        return Empty()

    def handshake(self, request: pb.LanguageHandshakeRequest) -> pb.LanguageHandshakeResponse:
        """The engine says where it is."""
        self._engine = request.engine_address
        return pb.LanguageHandshakeResponse()

    def get_plugin_info(self, _request: Empty) -> plugin_pb2.PluginInfo:
        """A language host is of its SDK's version."""
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def about(self, request: pb.AboutRequest) -> pb.AboutResponse:
        """For `pulumi about`."""
        return pb.AboutResponse(executable=_interpreter(request.info), version=sys.version.split()[0])

    def get_required_packages(self, request: pb.GetRequiredPackagesRequest) -> pb.GetRequiredPackagesResponse:
        """The provider plugins whose SDKs are installed beside the program."""
        return pb.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=found["name"], kind="resource", version=f"v{found['version']}")
                for found in installed_plugins(_site_packages(request.info))
            ]
        )

    def get_program_dependencies(self, request: pb.GetProgramDependenciesRequest) -> pb.GetProgramDependenciesResponse:
        """For `pulumi about`: the SDKs."""
        return pb.GetProgramDependenciesResponse(
            dependencies=[
                pb.DependencyInfo(name=f"pulumi-{found['name']}", version=found["version"])
                for found in installed_plugins(_site_packages(request.info))
            ]
        )

    def run(self, request: pb.RunRequest) -> pb.RunResponse:
        """Run the program to its end. It shares this process's output, which the engine shows line by line."""
        settings = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "root_directory": request.info.root_directory,
        }
        entry = Path(request.info.program_directory, request.info.entry_point)
        config = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        arguments = [EXECUTOR, json.dumps(settings), entry, *request.args]
        code = self._ended(self._started(request, arguments, os.environ | config))
        if code == ALREADY_REPORTED:
            return pb.RunResponse(bail=True)
        return pb.RunResponse(error=f"Program exited with non-zero exit code: {code}" if code else "")

    def run_plugin(self, request: pb.RunPluginRequest, context: grpc.ServicerContext) -> Iterator[pb.RunPluginResponse]:
        """Run a policy pack, and pass on what it prints, its port first, until the engine lets go of the call.

        Its errors go where this process's go, which the engine shows.
        """
        arguments = ["-m", "pulumi.policy", *request.args, request.info.program_directory]
        environment = dict(entry.split("=", 1) for entry in request.env)
        program = self._started(request, arguments, environment, subprocess.PIPE)
        if not context.add_callback(program.terminate):
            program.terminate()
        for line in program.stdout or ():
            yield pb.RunPluginResponse(stdout=line)
        yield pb.RunPluginResponse(exitcode=self._ended(program))

    def _started(
        self,
        request: pb.RunRequest | pb.RunPluginRequest,
        arguments: list[Any],
        env: dict[str, str],
        stdout: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """A program that ends, too, when this host is told to stop."""
        command = [_interpreter(request.info), "-u", *arguments]
        with self._lock:
            program = subprocess.Popen(
                command, cwd=request.pwd or None, env=env, stdin=subprocess.DEVNULL, stdout=stdout
            )
            self._programs.add(program)
        return program

    def _ended(self, program: subprocess.Popen[bytes]) -> int:
        code = program.wait()
        with self._lock:
            self._programs.discard(program)
        return code


def _virtualenv(info: pb.ProgramInfo) -> Path | None:
    option = info.options.fields.get("virtualenv")
    return Path(info.root_directory, option.string_value) if option else None


def _interpreter(info: pb.ProgramInfo) -> str:
    virtualenv = _virtualenv(info)
    return str(virtualenv / "bin" / "python") if virtualenv else sys.executable


def _site_packages(info: pb.ProgramInfo) -> Path:
    virtualenv = _virtualenv(info)
    if virtualenv is None:
        return Path(sysconfig.get_path("purelib"))
    return next(virtualenv.glob("lib/python3*/site-packages"), virtualenv)
