"""Settings of the performance service: HEYI_PERFORMANCE_… variables."""

from pydantic_settings import SettingsConfigDict

from shared.http.settings import ServiceSettings


class PerformanceSettings(ServiceSettings):
    """Nothing beyond the frame: performance asks nobody, it listens."""

    model_config = SettingsConfigDict(env_prefix="HEYI_PERFORMANCE_", extra="ignore", frozen=True)
