"""Who may do what: roles that name actions and resources, and are taken up by one subject without a lasting key."""

import re
from collections.abc import Iterator
from typing import Final

from .documents import Statement, everybody, statements, strings
from .node import Node
from .rule import Check, Config, Finding, Resource, Violation, decided

READS_WITHOUT_RESOURCES: Final = re.compile(r"[\w-]+:(Describe|List)\w*")
"""Actions that often take no resource: what they show is names, never content."""
BROAD_POLICIES: Final = re.compile(r":policy/(.*/)?(AdministratorAccess|PowerUserAccess|\w*FullAccess)$")
BASIC_ROLES: Final = {"roles/owner", "roles/editor", "roles/viewer", "roles/writer", "roles/reader", "roles/admin"}
"""Roles of a project that hold thousands of permissions of every service."""
BROAD_ROLES: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
}
WIDE_SCOPE: Final = re.compile(
    r"/?|/subscriptions/[^/]+|/providers/Microsoft\.Management/managementGroups/[^/]+", re.IGNORECASE
)
SUBJECT: Final = re.compile(r":sub$")
STRICT: Final = {"StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringEquals"}
CLUSTER_ROLES: Final = {"cluster-admin", "admin", "edit"}
GROUPS_OF_ALL: Final = {"system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts"}


def allows_named_things(path: str) -> Check:
    """A document of permissions in which actions and resources are named."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        yield from _named_things(resource.inputs.at(path))

    return check


def each_allows_named_things(path: str, below: str) -> Check:
    """The same for a list of documents."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        for item in resource.inputs.at(path):
            yield from decided(_named_things(item.at(below)))

    return check


def _named_things(node: Node) -> Iterator[Finding]:
    for statement in statements(node):
        if statement.allows and (statement.inverted or any(_is_wide(action) for action in statement.actions)):
            yield Violation(node.path, "must name its actions: `*`, `service:*` and `Not...` grant what comes later")
        if statement.allows and "*" in statement.resources and not _only_reads(statement):
            yield Violation(node.path, "must name its resources: `*` is everything in the account")


def _is_wide(action: str) -> bool:
    return action.rpartition(":")[2] == "*"


def _only_reads(statement: Statement) -> bool:
    return all(READS_WITHOUT_RESOURCES.fullmatch(action) for action in statement.actions)


def trusts_one_subject(path: str) -> Check:
    """A document that says who takes a role up. A workload is known by its whole subject."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        node = resource.inputs.at(path)
        for statement in statements(node):
            if statement.allows and (statement.inverted or everybody(statement.principal)):
                yield Violation(node.path, "must name who takes the role up, not everybody")
            elif statement.allows and "WebIdentity" in "".join(statement.actions) and not _one_subject(statement):
                yield Violation(
                    node.path,
                    "must ask for the exact subject, system:serviceaccount:<namespace>:<name>, with StringEquals: "
                    "else every workload that the issuer knows takes the role up",
                )

    return check


def _one_subject(statement: Statement) -> bool:
    return any(
        SUBJECT.search(key) and all("*" not in subject for subject in strings(subjects))
        for operator, keys in statement.conditions.items()
        if operator in STRICT
        for key, subjects in keys.items()
    )


def attaches_no_broad_policy(path: str) -> Check:
    """One policy of the cloud's own, or a list of them."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        node = resource.inputs.at(path)
        for item in (node, *node):
            if BROAD_POLICIES.search(item.text):
                yield Violation(item.path, "must be a policy that names what is needed, not all of a service")

    return check


def grants_no_basic_role(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A role of a project or of something in it."""
    role = resource.inputs["role"]
    if role.text in BASIC_ROLES:
        yield Violation(role.path, "must be a role of one service, not one of a whole project")


def members_are_one_each(resource: Resource, _config: Config) -> Iterator[Finding]:
    """Whom a role is granted to: identities from outside one by one, not all that an issuer knows."""
    for member in (resource.inputs["member"], *resource.inputs["members"]):
        yield from decided(_one_member(member))


def _one_member(member: Node) -> Iterator[Finding]:
    if member.text.startswith("principalSet://") and member.text.endswith("/*"):
        yield Violation(member.path, "must name one subject or attribute, not everybody that the pool knows")


def assigns_no_broad_role(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A role of a scope."""
    role, scope = resource.inputs["roleDefinitionId"], resource.inputs["scope"]
    yield from decided(_no_broad_role(role))
    yield from decided(_no_wide_scope(scope))


def _no_broad_role(role: Node) -> Iterator[Finding]:
    name = BROAD_ROLES.get(role.text.rpartition("/")[2].lower())
    if name:
        yield Violation(role.path, f"must be a role that holds what is needed: {name} holds nearly everything")


def _no_wide_scope(scope: Node) -> Iterator[Finding]:
    if scope.given and WIDE_SCOPE.fullmatch(scope.text):
        yield Violation(scope.path, "must be a resource or its group, not a whole subscription")


def defines_named_actions(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A role of the user's own."""
    for permission in resource.inputs["permissions"]:
        for key in ("actions", "dataActions"):
            for action in permission[key]:
                if action.text == "*":
                    yield Violation(action.path, "must name an action: `*` grants what comes later, too")


def subject_is_whole(resource: Resource, _config: Config) -> Iterator[Finding]:
    """The workload that an identity trusts."""
    subject = resource.inputs["subject"]
    if not subject.given or "*" in subject.text:
        yield Violation(subject.path, "must be one exact subject, such as system:serviceaccount:<namespace>:<name>")


def is_no_lasting_key(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A key that is valid until somebody thinks of it."""
    yield Violation(
        "", f"{resource.type.rpartition(':')[2]} must not be made: a workload has an identity without a key"
    )


def rules_name_things(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A role inside a cluster."""
    for rule in resource.inputs["rules"]:
        for key in ("apiGroups", "resources", "verbs"):
            for item in rule[key]:
                if item.text == "*":
                    yield Violation(item.path, "must name what is meant: `*` grants what comes later, too")


def binds_no_broad_role(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A role inside a cluster, granted."""
    role = resource.inputs.at("roleRef.name")
    if role.text in CLUSTER_ROLES:
        yield Violation(role.path, "must be a role that names what is needed")
    for subject in resource.inputs["subjects"]:
        if subject["name"].text in GROUPS_OF_ALL:
            yield Violation(subject.path, "must be one account, not everybody that the cluster knows")
