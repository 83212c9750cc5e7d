"""People who use the console: signed in with what was shown once, for some hours, until they are revoked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import sql

from visavis.accounts.applications import create_application
from visavis.accounts.credentials import hash_secret
from visavis.accounts.users import SESSION_S, create_user, revoke_user, sign_in_user, sign_out, user_of_session
from visavis.errors import InvalidRequest, NotAuthenticated, NotFound
from visavis.records import User
from visavis.store import users
from visavis.store.database import Database


@pytest.fixture
async def acme(database: Database) -> str:
    """An organisation."""
    async with database.transaction() as db:
        await create_application(db, organization="acme", name="camera")
    return "acme"


async def make_user(database: Database, name: str = "ada", organization: str | None = None) -> tuple[User, str]:
    async with database.transaction() as db:
        return await create_user(db, name=name, organization=organization)


async def sign_in(database: Database, name: str, password: str) -> str:
    async with database.transaction() as db:
        _, token = await sign_in_user(db, name, password)
    return token


async def whose(database: Database, token: str) -> User:
    async with database.transaction() as db:
        return await user_of_session(db, token)


async def assert_ended(database: Database, token: str) -> None:
    with pytest.raises(NotAuthenticated, match="The session has ended; sign in again"):
        await whose(database, token)


async def revoke(database: Database, name: str) -> None:
    async with database.transaction() as db:
        await revoke_user(db, name)


async def execute(database: Database, statement: Any, *parameters: object) -> None:
    """Change something behind everybody's back."""
    async with database.transaction() as db:
        await db.execute(statement, parameters)


async def rows(database: Database, statement: Any) -> list[Any]:
    async with database.transaction() as db:
        return await (await db.execute(statement)).fetchall()


# --- making them ------------------------------------------------------------------------------------------


async def test_a_user_belongs_to_an_organisation_and_an_operator_to_none(database: Database, acme: str) -> None:
    ada, _ = await make_user(database, "ada", acme)
    grace, _ = await make_user(database, "grace")
    assert (ada.name, ada.organization, ada.revoked_at) == ("ada", "acme", None)
    assert ada.organization_id is not None
    assert (grace.name, grace.organization, grace.organization_id) == ("grace", None, None)
    async with database.transaction() as db:
        assert await users.list_all(db) == [grace, ada]  # operators first


# only somebody who was asked for as an operator becomes one
@pytest.mark.parametrize("organization", ["", "globex", "Acme", "acme ", "\x00", "\ud800", "x" * 100_000])
async def test_an_organisation_that_is_not_there_gets_no_user(database: Database, acme: str, organization: str) -> None:
    with pytest.raises(NotFound, match="There is no organisation named"):
        await make_user(database, "ada", organization)
    assert await rows(database, "SELECT FROM console_user") == []


@pytest.mark.parametrize("name", ["", " ", "x" * 129, "a\nb", "a\x00b", "\x1b[31m", "\u202eada", "\ud800"])
async def test_a_name_that_nobody_could_read_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InvalidRequest, match="1 to 128 printable characters"):
        await make_user(database, name)


async def test_a_name_is_taken_in_the_whole_installation(database: Database, acme: str) -> None:
    await make_user(database, "ada", acme)
    for organization in (acme, None):
        with pytest.raises(InvalidRequest, match="There is a user named ada already"):
            await make_user(database, "ada", organization)


async def test_of_those_who_ask_for_one_name_at_once_one_gets_it(database: Database) -> None:
    asked = [make_user(database) for _ in range(8)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    [(made, password)] = [answer for answer in answers if isinstance(answer, tuple)]
    assert [type(answer) for answer in answers].count(InvalidRequest) == 7
    assert await whose(database, await sign_in(database, "ada", password)) == made


# --- signing in -------------------------------------------------------------------------------------------


async def test_the_password_opens_a_session_of_twelve_hours(database: Database, acme: str) -> None:
    ada, password = await make_user(database, "ada", acme)
    async with database.transaction() as db:
        user, token = await sign_in_user(db, "ada", password)
    assert user == ada == await whose(database, token)
    [(expires_at,)] = await rows(database, "SELECT expires_at FROM console_session")
    assert SESSION_S == 12 * 3600
    assert abs(expires_at - datetime.now(UTC) - timedelta(hours=12)) < timedelta(minutes=1)


async def test_each_has_a_password_and_each_session_a_token_of_its_own(database: Database) -> None:
    made = {name: (await make_user(database, name))[1] for name in ("ada", "grace")}
    assert made["ada"] != made["grace"]
    assert all(len(password) == 32 for password in made.values())  # 24 bytes in base64
    tokens = {await sign_in(database, name, password) for name, password in made.items() for _ in range(2)}
    assert len(tokens) == 4
    assert all(len(token) == 43 for token in tokens)  # 32 bytes in base64


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(database: Database) -> None:
    _, password = await make_user(database, "ada")
    _, graces = await make_user(database, "grace")
    stored = hash_secret(password)
    guesses = [
        "",
        password[:-1],
        password + "x",
        password.swapcase(),
        graces,
        stored.hex(),
        "\x00",
        "\ud800",
        "x" * 10**6,
    ]
    # what stands in for the name and what for the password
    tries = [("ada", guess) for guess in guesses]
    tries += [(name, password) for name in ["", "Ada", "ada ", "grace", "nobody", "ada\x00", "\ud800", "x" * 10**6]]
    for name, guess in tries:
        with pytest.raises(NotAuthenticated) as refused:
            await sign_in(database, name, guess)
        assert refused.value.message == "The name or the password is wrong."
    assert await rows(database, "SELECT FROM console_session") == []


@pytest.mark.parametrize("token", ["", "garbage", "\x00", "\ud800", "x" * 1_000_000])
async def test_what_is_no_token_opens_nothing(database: Database, token: str) -> None:
    _, password = await make_user(database)
    await sign_in(database, "ada", password)
    await assert_ended(database, token)


async def test_neither_passwords_nor_tokens_are_stored(database: Database, acme: str) -> None:
    _, password = await make_user(database, "ada", acme)
    token = await sign_in(database, "ada", password)
    tables = await rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    stored = ""
    for (table,) in tables:
        found = await rows(database, sql.SQL("SELECT each::text FROM {} AS each").format(sql.Identifier(table)))
        stored += "".join(row for (row,) in found)
    for secret in (password, token):
        assert secret not in stored
        assert secret.encode().hex() not in stored  # as bytes are shown
        assert hash_secret(secret).hex() in stored  # the look was at the right tables


# --- the end of sessions ----------------------------------------------------------------------------------


async def test_a_session_expires(database: Database) -> None:
    _, password = await make_user(database)
    token = await sign_in(database, "ada", password)
    await execute(database, "UPDATE console_session SET expires_at = now() + interval '1 minute'")
    assert (await whose(database, token)).name == "ada"
    await execute(database, "UPDATE console_session SET expires_at = now() - interval '1 microsecond'")
    await assert_ended(database, token)


async def test_expired_sessions_are_deleted_when_somebody_signs_in(database: Database) -> None:
    passwords = {name: (await make_user(database, name))[1] for name in ("ada", "grace")}
    for _ in range(3):
        await sign_in(database, "ada", passwords["ada"])
    await execute(database, "UPDATE console_session SET expires_at = now() - interval '1 minute'")
    going_on = await sign_in(database, "ada", passwords["ada"])
    fresh = await sign_in(database, "grace", passwords["grace"])
    left = await rows(database, "SELECT token_hash FROM console_session")
    assert {token_hash for (token_hash,) in left} == {hash_secret(going_on), hash_secret(fresh)}


async def test_those_who_sign_in_at_once_do_not_wait_for_each_other(database: Database) -> None:
    _, password = await make_user(database)
    for _ in range(20):
        await sign_in(database, "ada", password)
    await execute(database, "UPDATE console_session SET expires_at = now() - interval '1 minute'")
    async with database.transaction() as slow, asyncio.timeout(10):
        _, first = await sign_in_user(slow, "ada", password)  # and holds what has expired until the block ends
        others = await asyncio.gather(*(sign_in(database, "ada", password) for _ in range(4)))
    for token in (first, *others):
        assert (await whose(database, token)).name == "ada"
    assert len(await rows(database, "SELECT FROM console_session")) == 5


async def test_signing_out_ends_one_session_and_no_other(database: Database) -> None:
    _, password = await make_user(database)
    here, there = [await sign_in(database, "ada", password) for _ in range(2)]
    for _ in range(2):  # twice is as good as once
        async with database.transaction() as db:
            await sign_out(db, here)
    await assert_ended(database, here)
    assert (await whose(database, there)).name == "ada"


async def test_a_revoked_user_is_out_everywhere_at_once_and_nobody_else_is(database: Database, acme: str) -> None:
    passwords = {name: (await make_user(database, name, acme))[1] for name in ("ada", "grace")}
    adas = [await sign_in(database, "ada", passwords["ada"]) for _ in range(2)]
    graces = await sign_in(database, "grace", passwords["grace"])
    await revoke(database, "ada")
    for token in adas:
        await assert_ended(database, token)
    with pytest.raises(NotAuthenticated, match="The name or the password is wrong"):
        await sign_in(database, "ada", passwords["ada"])
    assert (await whose(database, graces)).name == "grace"
    assert await rows(database, "SELECT token_hash FROM console_session") == [(hash_secret(graces),)]


async def test_a_session_that_began_while_its_user_was_revoked_opens_nothing(database: Database) -> None:
    _, password = await make_user(database)
    async with database.transaction() as db:
        _, token = await sign_in_user(db, "ada", password)
        await revoke(database, "ada")  # sees no session yet
    await assert_ended(database, token)


async def test_a_revoked_name_is_free_and_its_old_password_and_sessions_stay_dead(database: Database) -> None:
    former, old_password = await make_user(database)
    old_token = await sign_in(database, "ada", old_password)
    await revoke(database, "ada")
    latter, password = await make_user(database)
    assert latter.id != former.id
    await assert_ended(database, old_token)
    with pytest.raises(NotAuthenticated):
        await sign_in(database, "ada", old_password)
    assert await whose(database, await sign_in(database, "ada", password)) == latter
    async with database.transaction() as db:
        assert [(user.id, user.revoked_at is None) for user in await users.list_all(db)] == [
            (former.id, False),
            (latter.id, True),
        ]


@pytest.mark.parametrize("name", ["", "nobody", "Ada", "a\x00", "\ud800"])
async def test_who_is_not_there_cannot_be_revoked(database: Database, name: str) -> None:
    await make_user(database)
    with pytest.raises(NotFound, match="There is no user named"):
        await revoke(database, name)


async def test_nobody_is_revoked_twice(database: Database) -> None:
    await make_user(database)
    answers = await asyncio.gather(*(revoke(database, "ada") for _ in range(4)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "NotFound", "NotFound", "NotFound"]
