"""Whether a line that a bank has shown and nobody has explained could be a payment: then nothing is paid beside it."""

from services.settlement.funding import store
from services.settlement.funding.booking import Desk
from services.settlement.funding.problems import LINE_COULD_BE_IT
from shared.kernel.money import format_yuan


async def check_no_line_could_be_it(desk: Desk, account: str, amount_fen: int) -> None:
    """No open line of the account's statements took out this amount, under whichever reference: a bank or a typist can
    get that wrong; lines of one reference that took out and brought back as much say nothing. The account's lock is
    held.

    Raises LINE_COULD_BE_IT.
    """
    for line in await store.taken_out(desk.conn, desk.pool_code, account, amount_fen):
        raise LINE_COULD_BE_IT(line=line["id"], day=line["value_date"], amount=format_yuan(amount_fen))
