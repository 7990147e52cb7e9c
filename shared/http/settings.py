"""Settings of a service, from HEYI_<SERVICE>_… variables; unsafe values are refused outside local use."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.db.personal import Keys
from shared.kernel import faults
from shared.kernel.clock import Clock, FileClock, SystemClock

_KEY_BYTES = 32


class ServiceSettings(BaseSettings):
    """What every service needs. A service subclasses it with its own prefix."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    environment: Literal["local", "test", "production"] = "production"
    host: str = "127.0.0.1"
    port: int = 8000
    worker_port: int = 0
    database_url: SecretStr
    worker_database_url: SecretStr | None = None
    reader_database_url: SecretStr | None = None
    database_pool_size: int = 10

    bus: Literal["postgres", "kafka"] = "kafka"
    bus_url: SecretStr | None = None
    kafka_bootstrap: str | None = None

    issuer: str
    audience: str = "heyi"
    jwks_url: str
    token_url: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None

    enrollment_url: str | None = None
    claims_url: str | None = None
    settlement_url: str | None = None
    performance_url: str | None = None

    data_key: SecretStr | None = None
    data_key_version: int = 1
    older_data_keys: SecretStr | None = None
    """Keys that still open what they sealed, as ``1:hex,2:hex``; the current one seals."""
    lookup_key: SecretStr | None = None
    signing_key: SecretStr | None = None

    clock_file: Path | None = None
    request_timeout_seconds: float = 10
    otlp_endpoint: str | None = None

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        if self.environment != "production":
            return self
        if self.clock_file is not None:
            raise ValueError("production refuses a moved clock: unset CLOCK_FILE")
        if faults.VARIABLE in os.environ:
            raise ValueError(f"production has no fault points: unset {faults.VARIABLE}")
        for name, address in (("ISSUER", self.issuer), ("JWKS_URL", self.jwks_url), ("TOKEN_URL", self.token_url)):
            if address is not None and not address.startswith("https://"):
                raise ValueError(f"production needs https for {name}")
        if self.bus != "kafka":
            raise ValueError("production needs Kafka: set BUS=kafka; the PostgreSQL bus is for local use")
        return self

    def clock(self) -> Clock:
        """The injected clock: the supervisor's in local use, real time otherwise."""
        return SystemClock() if self.clock_file is None else FileClock(self.clock_file)

    def personal_keys(self) -> Keys:
        """Keys for personal data; raises ValueError where they are not given as 32 bytes of hex each."""
        older = {}
        for entry in filter(None, (self.older_data_keys or SecretStr("")).get_secret_value().split(",")):
            version, _, key = entry.partition(":")
            older[int(version)] = _key(SecretStr(key), "OLDER_DATA_KEYS")
        return Keys(
            data=older | {self.data_key_version: _key(self.data_key, "DATA_KEY")},
            version=self.data_key_version,
            lookup=_key(self.lookup_key, "LOOKUP_KEY"),
        )


def _key(secret: SecretStr | None, name: str) -> bytes:
    key = bytes.fromhex(secret.get_secret_value()) if secret else b""
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{name} must hold {_KEY_BYTES} bytes as hex")
    return key
