"""Settings of the settlement service: HEYI_SETTLEMENT_… variables."""

from pydantic_settings import SettingsConfigDict

from services.settlement.ledger.signing import EarlierKey, Signer, earlier_keys
from shared.http.settings import ServiceSettings


class SettlementSettings(ServiceSettings):
    """SIGNING_KEY signs the roots of the books; it is given from outside and never stored in the database.

    EARLIER_PUBLIC_KEYS are the public keys that signed roots before it, with their first and last day:
    ``hex:2009-01-01:2010-06-30,…``. They are published for ever, as the roots are.
    """

    model_config = SettingsConfigDict(env_prefix="HEYI_SETTLEMENT_", extra="ignore", frozen=True)

    earlier_public_keys: str = ""

    def earlier_keys(self) -> tuple[EarlierKey, ...]:
        """The public keys before the present one; raises ValueError where they are not named as said above."""
        return earlier_keys(self.earlier_public_keys, self.signer().public_key)

    def signer(self) -> Signer:
        """The Ed25519 signer of roots; raises ValueError where SIGNING_KEY is not 32 bytes of hex."""
        return Signer.from_hex(self.signing_key.get_secret_value() if self.signing_key else "")
