"""``visavis user``: making, listing and revoking the people who use the console."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from support.server import Server

_numbers = itertools.count(1)


@pytest.fixture
def name() -> str:
    return f"user-{next(_numbers)}"


@pytest.fixture(scope="module")
def organization(server: Server) -> str:
    server.create_app("user-acme", "camera")
    return "user-acme"


def make_user(server: Server, name: str, *options: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(server.run("user", "create", "--name", name, "--json", *options).stdout)
    return made


def listed(server: Server, name: str) -> list[dict[str, Any]]:
    return [each for each in json.loads(server.run("user", "list", "--json").stdout) if each["name"] == name]


def test_a_user_of_an_organisation_is_made_and_listed(server: Server, organization: str, name: str) -> None:
    made = make_user(server, name, "--org", organization)
    assert set(made) == {"name", "organization", "password"}
    assert (made["name"], made["organization"], len(made["password"])) == (name, organization, 32)
    [found] = listed(server, name)
    assert set(found) == {"name", "organization", "createdAt"}
    assert found["organization"] == organization


def test_without_an_organisation_it_is_an_operator(server: Server, name: str) -> None:
    assert make_user(server, name)["organization"] is None
    assert [each["organization"] for each in listed(server, name)] == [None]


def test_the_password_is_printed_whole_and_who_is_an_operator_is_said(
    server: Server, organization: str, name: str
) -> None:
    for options, is_operator in ((["--org", organization], False), ([], True)):
        told = server.run("user", "create", "--name", f"{name}-{is_operator}", *options).stdout
        fields = dict(line.split(maxsplit=1) for line in told.splitlines())
        assert len(fields["password"]) == 32
        assert ("an operator, who sees every organisation" in told) is is_operator
        assert fields.get("organization") == (None if is_operator else organization)
        assert "cannot be shown again" in told


def test_what_is_listed_holds_no_password(server: Server, name: str) -> None:
    password = make_user(server, name)["password"]
    for options in ([], ["--json"]):
        told = server.run("user", "list", *options).stdout
        assert name in told
        assert password not in told


def test_the_list_says_who_is_an_operator_and_who_is_revoked(server: Server, organization: str, name: str) -> None:
    make_user(server, name, "--org", organization)
    make_user(server, f"{name}-gone")
    server.run("user", "revoke", "--name", f"{name}-gone")
    lines = server.run("user", "list").stdout.splitlines()
    [present] = [line for line in lines if f" {name} " in line]
    [gone] = [line for line in lines if f" {name}-gone " in line]
    assert organization in present
    assert "in force" in present
    assert "all (operator)" in gone
    assert "revoked" in gone


# an empty name of an organisation does not make an operator
@pytest.mark.parametrize("nowhere", ["", "user-globex", "User-Acme"])
def test_an_organisation_that_is_not_there_is_refused(
    server: Server, organization: str, name: str, nowhere: str
) -> None:
    refused = server.run("user", "create", "--name", name, "--org", nowhere, check=False)
    assert refused.returncode == 1
    assert f"There is no organisation named {nowhere}" in refused.stderr
    assert refused.stdout == ""
    assert listed(server, name) == []


@pytest.mark.parametrize("nonsense", ["", "x" * 129, "a\nb"])
def test_a_name_that_is_none_is_refused(server: Server, nonsense: str) -> None:
    refused = server.run("user", "create", "--name", nonsense, check=False)
    assert refused.returncode == 1
    assert "1 to 128 printable characters" in refused.stderr
    assert listed(server, nonsense) == []


def test_a_name_that_is_taken_is_refused(server: Server, organization: str, name: str) -> None:
    make_user(server, name)
    refused = server.run("user", "create", "--name", name, "--org", organization, check=False)
    assert refused.returncode == 1
    assert f"There is a user named {name} already" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert len(listed(server, name)) == 1


def test_a_revoked_user_is_named_as_such_and_the_name_is_free(server: Server, name: str) -> None:
    first = make_user(server, name)
    assert f"{name} is revoked" in server.run("user", "revoke", "--name", name).stdout
    again = server.run("user", "revoke", "--name", name, check=False)
    assert again.returncode == 1
    assert f"There is no user named {name} in force" in again.stderr
    assert make_user(server, name)["password"] != first["password"]
    assert ["revokedAt" in each for each in listed(server, name)] == [True, False]


# what could be taken for markup, for an emoji, for an escape
ODD_NAMES = ["[bold]ada[/]", "[/]", ":cat:", "ada\\"]


def test_names_are_shown_as_they_are_whatever_they_look_like(server: Server) -> None:
    for odd in ODD_NAMES:
        told = server.run("user", "create", "--name", odd).stdout
        assert told.splitlines()[0].split(maxsplit=1) == ["name", odd]
    table = server.run("user", "list").stdout
    for odd in ODD_NAMES:
        assert f" {odd} " in table
        taken = server.run("user", "create", "--name", odd, check=False)
        assert f"There is a user named {odd} already" in taken.stderr
    told = server.run("user", "revoke", "--name", ODD_NAMES[0]).stdout
    assert told.startswith(f"{ODD_NAMES[0]} is revoked")
