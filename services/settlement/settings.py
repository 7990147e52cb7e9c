"""Settings of the settlement service: HEYI_SETTLEMENT_… variables."""

from pydantic_settings import SettingsConfigDict

from services.settlement.ledger.signing import Signer
from shared.http.settings import ServiceSettings


class SettlementSettings(ServiceSettings):
    """SIGNING_KEY signs the roots of the books; it is given from outside and never stored in the database."""

    model_config = SettingsConfigDict(env_prefix="HEYI_SETTLEMENT_", extra="ignore", frozen=True)

    def signer(self) -> Signer:
        """The Ed25519 signer of roots; raises ValueError where SIGNING_KEY is not 32 bytes of hex."""
        return Signer.from_hex(self.signing_key.get_secret_value() if self.signing_key else "")
