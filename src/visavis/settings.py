"""Settings from the environment: read once, refused loudly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from visavis.errors import SettingsError


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _http_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/") if url is not None else None


def _postgres_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://")
    return url


def _storage_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("file://", "s3://", "gs://", "az://")):
        raise ValueError("must begin with file://, s3://, gs:// or az://")
    return url


class Settings(BaseSettings):
    """Everything an operator can set, each as ``VISAVIS_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="VISAVIS_", extra="ignore", frozen=True)

    home: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("visavis", appauthor=False)),
        description="Folder for everything that is kept: database, pictures, prepared models.",
    )
    database_url: Annotated[str | None, AfterValidator(_postgres_url)] = Field(
        default=None,
        description="A PostgreSQL with pgvector; without it, one of our own runs under VISAVIS_HOME.",
    )
    storage_url: Annotated[str | None, AfterValidator(_storage_url)] = Field(
        default=None,
        description="Where pictures lie: file://, s3://, gs:// or az://; without it, under VISAVIS_HOME.",
    )
    public_url: Annotated[str | None, AfterValidator(_http_url)] = Field(
        default=None,
        description="The address clients see, for links; without it, the one each request came to.",
    )
    token_ttl_seconds: int = Field(default=86_400, ge=1, description="Life of an access token.")
    media_url_ttl_seconds: int = Field(default=86_400, ge=1, description="Life of a signed picture address.")
    allow_private_urls: bool = Field(
        default=False, description="1: call private and loopback addresses too, for pictures and webhooks."
    )
    fetch_timeout_seconds: float = Field(default=10, gt=0, description="For one picture's address, in all.")
    max_video_bytes: int = Field(default=4 * 1024**3, ge=1, description="The largest video that is kept.")
    backend: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto", description="What runs the networks; auto takes OpenVINO where it is faster."
    )
    detection: Literal["fast", "standard", "thorough"] = Field(
        default="standard", description="How hard to look for small faces."
    )
    flip: bool = Field(default=False, description="1: average each embedding with the mirror image's; half as fast.")
    model_pack: str | None = Field(
        default=None, description="Folder or http(s) address of a model pack, instead of the built-in one."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="json for machines, text for people; auto: text on a terminal."
    )

    @property
    def postgres_folder(self) -> Path:
        """Where the embedded PostgreSQL keeps its data."""
        return self.home / "postgres"

    @property
    def models_folder(self) -> Path:
        """Where prepared graphs and fetched model packs are kept."""
        return self.home / "models"

    @property
    def blobs_url(self) -> str:
        """Where pictures lie, in force."""
        return self.storage_url or (self.home / "blobs").as_uri()


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a value makes no sense; the message names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"VISAVIS_{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        ]
        raise SettingsError("; ".join(faults)) from error
