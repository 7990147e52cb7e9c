"""Settings of enrollment, from HEYI_ENROLLMENT_… variables."""

from pydantic_settings import SettingsConfigDict

from shared.http.settings import ServiceSettings


class Settings(ServiceSettings):
    """Enrollment seals ID numbers: it needs DATA_KEY and LOOKUP_KEY."""

    model_config = SettingsConfigDict(env_prefix="HEYI_ENROLLMENT_", extra="ignore", frozen=True)
