"""The only reader of Pulumi's configuration. It gathers every problem of the stack file before it fails."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, cast

import pulumi
import yaml
from pulumi.runtime import config as pulumi_config
from pydantic import ValidationError

from config.errors import ConfigError, Problem, nearest
from config.phrases import phrase
from config.sections import StackSettings

PROJECT: Final = "noxus"
"""Name of the Pulumi project: the namespace of its keys in a stack file."""

SECTIONS: Final = {field.alias or name: name for name, field in StackSettings.model_fields.items()}
"""Top-level keys of a stack file that hold plain settings, by their spelling there."""


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
    source = f"Pulumi.{pulumi.get_stack()}.yaml"
    raw = _raw_values()
    plain = {key: text for key, text in raw.items() if key in SECTIONS}
    encrypted = {key for key in raw if pulumi_config.is_config_secret(f"{PROJECT}:{key}")}
    problems = [
        Problem(
            key,
            "must not be encrypted: it is read in plain text; give the secret a key of its own, named in secretEnv",
        )
        for key in sorted(encrypted & plain.keys())
    ]
    if problems:
        raise ConfigError(source, problems)
    settings = parse(
        source, {key: _decoded(text) for key, text in plain.items()}, secret_keys=raw.keys() - plain.keys()
    )
    named = {key for _, key in settings.secret_keys()}
    problems += [
        Problem(key, f"must be encrypted: run `pulumi config set --secret {PROJECT}:{key}`")
        for key in sorted(named - encrypted)
    ]
    if problems:
        raise ConfigError(source, problems)
    config = pulumi.Config(PROJECT)
    return StackConfig(settings=settings, secrets={key: config.require_secret(key) for key in sorted(named)})


def parse(source: str, raw: Mapping[str, object], secret_keys: Iterable[str] = ()) -> StackSettings:
    """Check the plain part of a stack file.

    `raw` maps top-level keys (without prefix) to what YAML holds there, `secret_keys` are the other keys of the file.
    `source` names the file in the error. Raises `ConfigError` with every problem found.
    """
    others = set(secret_keys)
    try:
        settings = StackSettings.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        problems = [phrase(StackSettings, detail) for detail in error.errors()]
        raise ConfigError(source, [*problems, *_misspelt(others)]) from None
    named = {key for _, key in settings.secret_keys()}
    problems = [
        Problem(
            path, f"names the secret key {key!r}, which is not set; run `pulumi config set --secret {PROJECT}:{key}`"
        )
        for path, key in settings.secret_keys()
        if key not in others
    ]
    problems += _unknown(others - named)
    if problems:
        raise ConfigError(source, problems)
    return settings


def read_stack_file(path: Path) -> StackSettings:
    """Read the plain part of a stack file without Pulumi, for tools that look at a deployed stack.

    Raises `ConfigError`, also when the file does not exist or is not YAML.
    """
    try:
        document: object = _StackFileLoader(path.read_text()).get_single_data()
    except OSError as error:
        raise ConfigError(path.name, [Problem("file", f"cannot be read: {error.strerror}")]) from None
    except yaml.YAMLError as error:
        raise ConfigError(path.name, [Problem("file", f"is not YAML: {error}")]) from None
    entries = cast("dict[str, dict[str, object]]", document).get("config", {}) if isinstance(document, dict) else {}
    own = {key.removeprefix(f"{PROJECT}:"): value for key, value in entries.items() if key.startswith(f"{PROJECT}:")}
    plain = {key: _decoded(value) if isinstance(value, str) else value for key, value in own.items() if key in SECTIONS}
    return parse(path.name, plain, secret_keys=own.keys() - plain.keys())


class _StackFileLoader(yaml.SafeLoader):
    """YAML as the Pulumi engine reads it: `on`, `off`, `yes` and `no` are text (YAML 1.2), not booleans."""


_StackFileLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _raw_values() -> dict[str, str]:
    """All keys of the project as the engine hands them over, without prefix; objects as JSON text."""
    everything = {**json.loads(os.environ.get("PULUMI_CONFIG", "{}")), **pulumi_config.CONFIG.get()}
    return {key.removeprefix(f"{PROJECT}:"): text for key, text in everything.items() if key.startswith(f"{PROJECT}:")}


def _decoded(text: str) -> object:
    """A section is JSON; a scalar such as `noxus:cloud` comes as bare text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _unknown(keys: Iterable[str]) -> list[Problem]:
    return [
        Problem(key, f"no such setting, and no secretEnv names it as a secret; {nearest(key, SECTIONS)}")
        for key in sorted(keys)
    ]


def _misspelt(keys: Iterable[str]) -> list[Problem]:
    """Name the keys that look like a section: all there is to say while `secretEnv` is unreadable."""
    return [
        Problem(key, f"no such setting; {nearest(key, SECTIONS)}")
        for key in sorted(keys)
        if get_close_matches(key, SECTIONS)
    ]
