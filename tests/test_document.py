"""How a stack file is read without the engine. tests/e2e/test_stack_file_reading.py asks the engine the same."""

import json
from pathlib import Path

import pytest

from checks import findings
from config import ConfigError, StackSettings, read_stack_file
from config.document import DocumentError, read
from tests.programs import SMALLEST, settings
from tests.yaml_cases import DOCUMENTS, REFUSED, SCALARS


def stack(tmp_path: Path, further: str) -> StackSettings:
    file = tmp_path / "Pulumi.x.yaml"
    whole = "\n".join(f"  noxus:{key}: {json.dumps(value)}" for key, value in SMALLEST.items())
    file.write_text(f"config:\n{whole}\n{further}")
    return read_stack_file(file)


def refused(tmp_path: Path, further: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        stack(tmp_path, further)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(("scalar", "value"), SCALARS.items())
def test_a_scalar_means_what_it_means_to_the_engine(scalar: str, value: object) -> None:
    found = read(f"config:\n  noxus:env:\n    A: {scalar}\n".encode(), "noxus").values["env"]
    assert json.dumps(found) == json.dumps({"A": value})


@pytest.mark.parametrize(("content", "values"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_means_what_it_means_to_the_engine(content: str, values: object) -> None:
    assert read(content.encode(), "noxus").values == values


@pytest.mark.parametrize(("content", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_the_engine_cannot_read_is_refused_in_one_line(content: str | bytes, problem: str) -> None:
    with pytest.raises(DocumentError) as error:
        read(content if isinstance(content, bytes) else content.encode(), "noxus")
    assert str(error.value) == problem


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("1.0", "1"),
        ("1.10", "1.1"),
        ("012", "10"),
        ("0x10", "16"),
        ("1e3", "1000"),
        ("1_000", "1000"),
    ],
)
def test_my_setting_reaches_the_pods_as_i_wrote_it_or_i_am_told_to_quote_it(
    tmp_path: Path, written: str, read_as: str
) -> None:
    assert refused(tmp_path, f"  noxus:env: {{ SETTING: {written} }}") == [
        f'env.SETTING: {written} is no text to YAML and arrives as {read_as}; write "{written}" in quotes'
    ]
    assert stack(tmp_path, f'  noxus:env: {{ SETTING: "{written}" }}').env == {"SETTING": written}


def test_a_date_in_a_setting_must_be_quoted(tmp_path: Path) -> None:
    assert refused(tmp_path, "  noxus:env: { SINCE: 2024-02-01 }") == [
        'env.SINCE: is a date to YAML and not text; write it in quotes, such as "2024-02-01" '
        "(got '2024-02-01 00:00:00 +0000 UTC')"
    ]
    assert stack(tmp_path, '  noxus:env: { SINCE: "2024-02-01" }').env == {"SINCE": "2024-02-01"}


def test_a_date_where_any_text_will_do_is_text(tmp_path: Path) -> None:
    pool = "  noxus:workers: { acme: { namespace: acme, pools: { flow: { interruptible: 2024-02-01 } } } }"
    found = stack(tmp_path, pool).workers["acme"].pools["flow"]
    assert found.interruptible == "2024-02-01 00:00:00 +0000 UTC"


def test_settings_that_arrive_as_they_are_written_need_no_quotes(tmp_path: Path) -> None:
    variables = {"LEVEL": "info", "PORT": "8080", "SHARE": "0.7", "SWITCH": "on", "VERSION": "1.2.3", "AT": "12:30"}
    further = "".join(f"    {name}: {value}\n" for name, value in variables.items())
    assert stack(tmp_path, f"  noxus:env:\n{further}").env == variables


def test_numbers_that_are_meant_as_numbers_may_be_written_in_any_way(tmp_path: Path) -> None:
    found = stack(
        tmp_path, "  noxus:archive: { batchIntervalSeconds: 0x3C, runKib: 1.0 }\n  noxus:redis: {memoryMib: 1e3}"
    )
    assert found.archive.batch_interval_seconds == 60
    assert found.archive.run_kib == 1


@pytest.mark.parametrize("place", ["nodeSelector: { since: 2024-02-01 }", "workerSubscribeTenants: 2024-02-01"])
def test_a_date_is_refused_wherever_something_else_reads_the_text(tmp_path: Path, place: str) -> None:
    pool = f"  noxus:workers: {{ acme: {{ namespace: acme, pools: {{ flow: {{ {place} }} }} }} }}"
    (problem,) = refused(tmp_path, pool)
    assert '"2024-02-01"' in problem
    assert "quotes" in problem


def test_tenants_that_are_numbers_are_ids(tmp_path: Path) -> None:
    pool = "  noxus:workers: {{ acme: {{ namespace: acme, pools: {{ flow: {{ workerSubscribeTenants: {} }} }} }} }}"
    for written, ids in (("12345", ("12345",)), ("[12345, tenant-a]", ("12345", "tenant-a")), ('"1,2"', ("1", "2"))):
        found = stack(tmp_path, pool.format(written)).workers["acme"].pools["flow"]
        assert found.worker_subscribe_tenants == ids
    path = "workers.acme.pools.flow.workerSubscribeTenants"
    assert refused(tmp_path, pool.format("[012]")) == [
        f'{path}.0: 012 is no text to YAML and arrives as 10; write "012" in quotes'
    ]
    assert refused(tmp_path, pool.format("true")) == [
        f"{path}: must be ids separated by commas, or a YAML list of ids, such as tenant-abc,tenant-xyz (got True)"
    ]


def test_a_name_that_arrives_as_another_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "  noxus:workers: { 012: { namespace: acme, pools: { flow: {} } } }") == [
        'workers.10: 012 is no text to YAML and arrives as 10; write "012" in quotes'
    ]


@pytest.mark.parametrize(("tenant", "pasted"), [("089", '"089"'), ("1e3", '"1e3"'), ("tenant-a", "tenant-a")])
def test_a_remedy_can_be_pasted_as_it_is(tenant: str, pasted: str) -> None:
    raw = {**SMALLEST, "routing": {"tenants": {tenant: []}}}
    (finding,) = [finding for finding in findings(settings(raw)) if finding.severity == "error"]
    assert f"workerSubscribeTenants: {pasted}" in finding.message
