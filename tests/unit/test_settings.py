"""Settings are read once and refuse nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.errors import SettingsError
from visavis.settings import read_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("VISAVIS_"):
            monkeypatch.delenv(name)


def test_everything_lies_under_the_home_folder_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path))
    settings = read_settings()
    assert settings.postgres_folder == tmp_path / "postgres"
    assert settings.models_folder == tmp_path / "models"
    assert settings.blobs_url == (tmp_path / "blobs").as_uri()
    assert settings.database_url is None


def test_a_storage_of_ones_own_takes_the_place_of_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_STORAGE_URL", "s3://bucket/faces")
    assert read_settings().blobs_url == "s3://bucket/faces"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://localhost/visavis"),  # not PostgreSQL
        ("STORAGE_URL", "ftp://host/folder"),  # no such storage
        ("PUBLIC_URL", "example.org"),  # no scheme
        ("TOKEN_TTL_SECONDS", "0"),  # a token that is never good
        ("TOKEN_TTL_SECONDS", "a day"),  # not a number
        ("MEDIA_URL_TTL_SECONDS", "-1"),
        ("FETCH_TIMEOUT_SECONDS", "0"),
        ("ALLOW_PRIVATE_URLS", "perhaps"),
        ("BACKEND", "tensorrt"),
        ("DETECTION", "quick"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"VISAVIS_{name}", value)
    with pytest.raises(SettingsError, match=f"VISAVIS_{name}"):
        read_settings()


def test_a_slash_at_the_end_of_the_public_address_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_PUBLIC_URL", "https://faces.example.org/")
    assert read_settings().public_url == "https://faces.example.org"
