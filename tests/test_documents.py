"""What is generated from the models, and what must agree with them."""

import importlib
import json
import pkgutil
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

import config
from config import StackSettings
from config.load import SECTIONS
from tests.programs import ROOT, SMALLEST, STACK_FILES, with_pool
from tools.docs import page
from tools.schema import stack_file_schema

MODELS = sorted(
    {
        model
        for module in pkgutil.iter_modules(config.__path__)
        for model in vars(importlib.import_module(f"config.{module.name}")).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
    },
    key=lambda model: model.__name__,
)


@pytest.mark.parametrize(
    ("file", "content"),
    [("configuration.md", page()), ("stack.schema.json", json.dumps(stack_file_schema(), indent=2) + "\n")],
)
def test_what_is_checked_in_is_what_would_be_generated(file: str, content: str) -> None:
    assert (ROOT / "docs" / file).read_text() == content, "run `make docs`"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_setting_says_what_it_means(model: type[BaseModel]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []
    assert model.__doc__


def test_every_setting_is_on_the_page() -> None:
    text = page()
    spelt = {f"`{field.alias or name}`" for model in MODELS for name, field in model.model_fields.items()}
    assert {name for name in spelt if name not in text} == set()


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda path: path.name)
def test_every_stack_file_points_editors_to_the_schema_and_passes_it(file: Any) -> None:
    text = file.read_text()
    assert text.startswith("# yaml-language-server: $schema=docs/stack.schema.json\n")
    jsonschema.validate(yaml.safe_load(text), stack_file_schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "raw",
    [
        {**SMALLEST, "clowd": "aws"},
        {**SMALLEST, "secret": "in the clear"},
        {**SMALLEST, "protect": "yes"},
        with_pool(workerSubscribe="flows"),
        with_pool(replicaCnt=1),
        with_pool(autoscaling={"type": "vpa"}),
        {"images": SMALLEST["images"]},
    ],
)
def test_the_schema_refuses_what_the_program_refuses(raw: dict[str, Any]) -> None:
    document = {"config": {f"noxus:{key}": value for key, value in raw.items()}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, stack_file_schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "raw",
    [
        {**SMALLEST, "protect": "false", "apiKey": {"secure": "v1:x"}, "env": {"N": 5}},
        with_pool(workerSubscribeTenants="a,b", resources={"requests": {"cpu": 1}}),
        with_pool(workerSubscribeTenants=["a", "b"], podDisruptionBudget={"maxUnavailable": "25%"}),
    ],
)
def test_the_schema_accepts_every_form_that_the_program_accepts(raw: dict[str, Any]) -> None:
    document = {"config": {"pulumi:tags": {}, **{f"noxus:{key}": value for key, value in raw.items()}}}
    jsonschema.validate(document, stack_file_schema(), cls=jsonschema.Draft202012Validator)


def test_the_project_declares_exactly_the_settings_of_the_models_with_their_types() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    assert set(declared) == SECTIONS
    schema = StackSettings.model_json_schema()
    for name, value in schema["properties"].items():
        assert declared[name]["type"] == value.get("type", "object"), name
        assert ("default" not in declared[name]) == (name in schema["required"]), name
