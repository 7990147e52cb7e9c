"""Settings of the claims service: HEYI_CLAIMS_… variables."""

from pydantic_settings import SettingsConfigDict

from shared.http.settings import ServiceSettings


class ClaimsSettings(ServiceSettings):
    """The frame's; ENROLLMENT_URL and the client credentials serve the questions about coverage (contracts §7)."""

    model_config = SettingsConfigDict(env_prefix="HEYI_CLAIMS_", extra="ignore", frozen=True)
