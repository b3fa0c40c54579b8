"""The only reader of Pulumi's configuration. It gathers every problem of the stack file before it fails."""

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import pulumi
from pulumi.runtime import config as pulumi_config
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.clouds.table import STACKS
from config.document import KEY, DocumentError, Place, Rewritten, handed_over, mapping, read
from config.empty import without_empty
from config.errors import ConfigError, Problem, found, nearest
from config.phrases import phrase, setting
from config.pods import inherited
from config.sections import StackSettings

PROJECT: Final = "noxus"
"""Name of the Pulumi project: the namespace of its keys in a stack file."""

_COMMON: Final = frozenset(field.alias or name for name, field in StackSettings.model_fields.items())

_CLOUDS: Final = frozenset(
    field.alias or name for model in STACKS.values() for name, field in model.model_fields.items()
).difference(_COMMON)
"""Sections that stacks of one cloud alone have. Pulumi.yaml has no word for that, so its default for them is empty."""

SECTIONS: Final = _COMMON | _CLOUDS
"""Top-level keys of a stack file that hold plain settings, in their spelling there."""

_WITH_IMAGES: Final[dict[str, object]] = {"postgres": {}, "redis": {}, "storage": {}}
"""Sections whose defaults name an image. They are read even where a file leaves them out, for `images.registry`."""

_TEXTS: Final = frozenset({"env", "isolatedTenants", "tenants", "workerSubscribeTenants", "workerSubscribeWorkspaces"})
"""Settings that take numbers as the text they are."""

_LONGEST_VARIABLE: Final = 128 * 1024
"""Bytes of one variable, name and end included, that Linux hands to a program (execve(2), MAX_ARG_STRLEN)."""

_SET_SECRET: Final = f"pulumi config set --secret {PROJECT}:"

_NOT_ENCRYPTED: Final = (
    "must not be encrypted, nor hold anything encrypted: it is read in plain text; give the secret a key of its own by "
    f"`{_SET_SECRET}openaiApiKey`, and name that key, such as secretEnv: {{ OPENAI_API_KEY: openaiApiKey }}"
)


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """A whole, valid stack file."""

    settings: StackSettings
    """Everything plain."""
    secrets: Mapping[str, pulumi.Output[str]]
    """Secret config keys that some setting names, with their values as secret outputs."""


def load() -> StackConfig:
    """Read the running stack's configuration.

    Raises `ConfigError` with every problem of the file, each with its path, what was found and what to write.
    """
    raw = _raw_values()
    encrypted = {key for key in raw if pulumi_config.is_config_secret(f"{PROJECT}:{key}")}
    plain = {key: _decoded(text) for key, text in raw.items() if key not in encrypted}
    source = f"Pulumi.{pulumi.get_stack()}.yaml"
    settings = _parse_with_tenants(Path(source), plain, encrypted, _rewritten_on_the_way(Path(source), plain))
    config = pulumi.Config(PROJECT)
    return StackConfig(
        settings=settings,
        secrets={key: config.require_secret(key) for _, key in settings.encrypted_keys()},
    )


def parse(
    source: str,
    plain: Mapping[str, object],
    encrypted: Collection[str] = (),
    rewritten: Mapping[Place, Rewritten] | None = None,
) -> StackSettings:
    """Check a stack file.

    `plain` maps its unencrypted keys (without prefix) to what YAML holds there; `encrypted` names the others;
    `rewritten` says what of it is written in another way. `source` names the file in the error. Raises `ConfigError`
    with every problem found.
    """
    problems = [Problem(key, _NOT_ENCRYPTED) for key in SECTIONS & set(encrypted)]
    unknown = plain.keys() - SECTIONS
    settings = None
    sections = {key: plain[key] for key in plain.keys() & SECTIONS if plain[key] != {} or key not in _CLOUDS}
    model = _model(sections)
    problems += _of_clouds(sections, model)
    try:
        read = {key: value for key, value in sections.items() if key in _keys(model)}
        text = json.dumps(_WITH_IMAGES | cast("dict[str, object]", without_empty(model, read)))
        settings = model.model_validate_json(text, context=_mirror(read.get("images")))
    except ValidationError as error:
        wrong = (phrase(model, detail) for detail in _first_hand(error.errors()))
        problems += [problem for problem in wrong if problem.path not in encrypted]
    for path, key in settings.encrypted_keys() if settings else ():
        if key in unknown:
            problems.append(Problem(key, f"must be encrypted: run `{_SET_SECRET}{key}`"))
        elif key not in encrypted:
            problems.append(Problem(path, f"names the secret key {key!r}, which is not set; run `{_SET_SECRET}{key}`"))
    mentioned = {problem.path for problem in problems}
    problems += [
        problem
        for problem in _misread(rewritten or {})
        if not any(f"{path}.".startswith(f"{problem.path}.") for path in mentioned)
    ]
    problems += [Problem(key, f"no such setting; {nearest(key, SECTIONS)}") for key in unknown - mentioned]
    if settings is None or problems:
        raise ConfigError(source, problems)
    return inherited(settings)


def _mirror(images: object) -> object:
    """What `images.registry` says, as every image needs it while it is read; a wrong one is refused like all else."""
    return cast("Mapping[str, object]", images).get("registry") if isinstance(images, Mapping) else None


def _model(sections: Mapping[str, object]) -> type[StackSettings]:
    """What reads a stack file: by its cloud, if that is one."""
    cloud = sections.get("cloud")
    return (STACKS.get(cloud) if isinstance(cloud, str) else None) or STACKS["kubernetes"]


def _keys(model: type[StackSettings]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _of_clouds(sections: Mapping[str, object], model: type[StackSettings]) -> Iterator[Problem]:
    """A cloud that is none, and sections of clouds that are not the stack's."""
    cloud = sections.get("cloud", "kubernetes")
    if cloud not in list(STACKS):  # it can be anything, hashable or not
        *others, last = map(repr, STACKS)
        yield Problem("cloud", f"must be one of {', '.join(others)} or {last} {found(cloud)}")
        return
    for key in sections.keys() - _keys(model):
        yield Problem("cloud", f"is {cloud}, and there is a section {key}; write cloud: {key}, or remove the section")


def _misread(rewritten: Mapping[Place, Rewritten]) -> Iterator[Problem]:
    """What is text for whoever reads it and arrives as another text than is written."""
    for place, change in rewritten.items():
        if place[-1] == KEY or setting(StackSettings, place) in _TEXTS:
            path = ".".join(str(part) for part in place if part != KEY)
            yield Problem(
                path,
                f'{change.written} is no text to YAML and arrives as {change.read}; write "{change.written}" in quotes',
            )


def _first_hand(details: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Without lists that are too short only because an element of theirs is wrong."""
    places = [detail["loc"] for detail in details]
    for detail in details:
        place = detail["loc"]
        if detail["type"] != "too_short" or all(other[: len(place)] != place or other == place for other in places):
            yield detail


def read_stack_file(path: Path) -> StackSettings:
    """Read the plain part of a stack file without Pulumi, for tools that look at a deployed stack.

    Raises `ConfigError`, also when the file does not exist or is not YAML.
    """
    try:
        document = read(path.read_bytes(), PROJECT)
    except OSError as error:
        raise ConfigError(path.name, [Problem("file", f"cannot be read: {error.strerror}")]) from None
    except DocumentError as error:
        raise ConfigError(path.name, [Problem("file", str(error))]) from None
    # A section as JSON in quotes is text, which the engine refuses where Pulumi.yaml says object.
    plain = {
        key: value if isinstance(value, str) and value[:1] in ("{", "[") else _decoded(value)
        for key, value in document.values.items()
        if key not in document.encrypted
    }
    if (size := handed_over(document.values, PROJECT)) > _LONGEST_VARIABLE:
        rule = (
            f"is {size} bytes as the engine hands it over, and Linux takes {_LONGEST_VARIABLE} in one variable; move "
            "routing.tenants into a file of its own, named in routing.tenantsFile"
        )
        raise ConfigError(path.name, [Problem("config", rule)])
    return _parse_with_tenants(path, plain, document.encrypted, document.rewritten)


def _parse_with_tenants(
    path: Path, plain: Mapping[str, object], encrypted: Collection[str], rewritten: Mapping[Place, Rewritten]
) -> StackSettings:
    """Check a stack file together with the file of its tenants, if it names one."""
    routing = plain.get("routing")
    settings = cast("dict[str, object]", routing) if isinstance(routing, dict) else {}
    name = settings.get("tenantsFile")
    if not isinstance(name, str) or not name:
        return parse(path.name, plain, encrypted, rewritten)
    if settings.get("tenants"):
        raise ConfigError(path.name, [Problem("routing", "takes tenants or tenantsFile, not both")])
    try:
        tenants, changed = mapping((path.parent / name).read_bytes())
    except OSError as error:
        raise ConfigError(path.name, [Problem("routing.tenantsFile", f"cannot be read: {error.strerror}")]) from None
    except DocumentError as error:
        raise ConfigError(name, [Problem("file", str(error))]) from None
    whole = {**plain, "routing": {**settings, "tenants": tenants}}
    places = {("routing", "tenants", *place): it for place, it in changed.items()}
    try:
        return parse(path.name, whole, encrypted, {**rewritten, **places})
    except ConfigError as error:
        prefix = "routing.tenants."
        problems = (
            Problem(f"{name}: {it.path.removeprefix(prefix)}", it.message) if it.path.startswith(prefix) else it
            for it in error.problems
        )
        raise ConfigError(path.name, problems) from None


def _rewritten_on_the_way(path: Path, plain: Mapping[str, object]) -> Mapping[Place, Rewritten]:
    """How values are written that the engine has changed, as far as they come from the file of this name."""
    try:
        document = read(path.read_bytes(), PROJECT)
    except (OSError, DocumentError):
        return {}
    return {
        place: it
        for place, it in document.rewritten.items()
        if plain.get(key := str(place[0])) == document.values.get(key)
    }


def _raw_values() -> dict[str, str]:
    """All keys of the project as the engine hands them over, without prefix; objects as JSON text."""
    everything = {**json.loads(os.environ.get("PULUMI_CONFIG", "{}")), **pulumi_config.CONFIG.get()}
    return {key.removeprefix(f"{PROJECT}:"): text for key, text in everything.items() if key.startswith(f"{PROJECT}:")}


def _decoded(value: object) -> object:
    """Undo the engine's text form: objects and booleans come as JSON, a scalar such as `noxus:cloud` as bare text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
