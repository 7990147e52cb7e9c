"""What a county's book, its holds, payments and days must look like after each command: plain Python over dicts.

It imports nothing of what it judges. Amounts are fen. Each command returns the code of the refusal, or ``ok``; a
refused one changes nothing. Accounts: 1001.02 insurer's account, 1002 fiscal account, 5001.01 benefits, 4005 interest;
1301 advanced by hospitals, 2301.01 owed under review, 2301.02 owed and approved.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

OK = "ok"
SPENDING, FISCAL, BENEFITS, INTEREST = "1001.02", "1002", "5001.01", "4005"
ADVANCED, REVIEW, APPROVED = "1301", "2301.01", "2301.02"
DEBIT = {SPENDING, FISCAL, BENEFITS, ADVANCED, "1009.03"}
GUARDED = {SPENDING, FISCAL, "1009.03", REVIEW, APPROVED}
PERMITTED = {(FISCAL, INTEREST), (BENEFITS, SPENDING), (SPENDING, BENEFITS)}
DAY = timedelta(days=1)
Flow = tuple[str, str, int]


@dataclass
class Voucher:
    """A voucher of the fund's book that may be reversed; ``reversal`` names the one that did."""

    flows: tuple[Flow, ...]
    reversal: int | None = None


@dataclass
class Book:
    """One book: balances, how many vouchers, its days."""

    open_day: date
    sealed: date
    closed: date
    balances: Counter[str] = field(default_factory=Counter)
    last: int = 0

    def after(self, flows: tuple[Flow, ...]) -> Counter[str]:
        """Balances as they would be."""
        found = Counter(self.balances)
        for debit, credit, fen in flows:
            found[debit] += fen if debit in DEBIT else -fen
            found[credit] -= fen if credit in DEBIT else -fen
        return found

    def seal(self, day: date) -> None:
        """Nothing is posted into the day any more."""
        self.sealed, self.open_day = day, max(self.open_day, day + DAY)


@dataclass
class Payment:
    """An instruction: prepared ▸ released ▸ confirmed ▸ returned, or cancelled; ``replaced`` by a live one."""

    fen: int
    cutoffs: tuple[int, ...]
    state: str = "prepared"
    replaces: int | None = None
    replaced: bool = False


@dataclass
class County:
    """The whole state. ``today`` is the clock's day, ``first_open`` the first day that is not closed."""

    today: date
    first_day: date
    basic: Book = field(init=False)
    owed: Book = field(init=False)
    supplementary: Book = field(init=False)
    held: dict[int, int] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    vouchers: dict[int, Voucher] = field(default_factory=dict)
    cutoffs: dict[int, tuple[int, bool]] = field(default_factory=dict)
    payments: dict[int, Payment] = field(default_factory=dict)
    paid_holds: dict[int, int] = field(default_factory=dict)
    owed_days: dict[date, Counter[tuple[str, str]]] = field(default_factory=dict)
    first_open: date | None = None
    closed_days: set[date] = field(default_factory=set)
    statement_day: date | None = None
    bank: int = 0
    first_business: date | None = None

    def __post_init__(self) -> None:
        """Three empty books."""
        before = self.first_day - DAY
        self.basic, self.owed, self.supplementary = (Book(self.first_day, before, before) for _ in range(3))

    # -- the ledger

    @property
    def business_day(self) -> date:
        """The day on which acts count."""
        return self.today if self.first_open is None else max(self.today, self.first_open)

    def free(self) -> int:
        """What can be spent of the insurer's account."""
        return self.basic.balances[SPENDING] - sum(self.held.values()) - sum(self.paid_holds.values())

    def _book(self, flows: tuple[Flow, ...], freed: int = 0) -> str:
        """Posts a voucher of the fund's book, unless an account would fall below zero."""
        after = self.basic.after(flows)
        pending = sum(self.held.values()) + sum(self.paid_holds.values()) - freed
        if any(after[a] - (pending if a == SPENDING else 0) < 0 for a in GUARDED):
            return "ledger_overdrawn"
        self.basic.balances, self.basic.last = after, self.basic.last + 1
        self.basic.open_day = max(self.basic.open_day, self.business_day)
        return OK

    def fund(self, flows: tuple[Flow, ...]) -> None:
        """Money to begin with."""
        for flow in flows:
            assert self._book((flow,)) == OK

    def post(self, flows: tuple[Flow, ...]) -> str:
        """A voucher by hand."""
        if any(flow[:2] not in PERMITTED for flow in flows):
            return "ledger_flow_not_permitted"
        told = self._book(flows)
        if told == OK:
            self.vouchers[self.basic.last] = Voucher(flows)
        return told

    def hold(self, number: int, fen: int) -> str:
        """Sets money of the insurer's account aside."""
        if self.free() < fen:
            return "ledger_overdrawn"
        self.held[number] = fen
        return OK

    def release(self, number: int) -> str:
        """Frees it; a hold ends once."""
        if number not in self.held:
            return "ledger_hold_invalid"
        del self.held[number]
        self.ended.add(number)
        return OK

    def post_hold(self, number: int, fen: int) -> str:
        """Spends at most what is held; the rest is free again."""
        if number not in self.held or fen > self.held[number]:
            return "ledger_hold_invalid"
        flows = ((BENEFITS, SPENDING, fen),)
        told = self._book(flows, freed=self.held[number])
        if told == OK:
            self.release(number)
            self.vouchers[self.basic.last] = Voucher(flows)
        return told

    def reverse(self, number: int) -> str:
        """Once, line by line."""
        voucher = self.vouchers[number]
        if voucher.reversal is not None:
            return "ledger_reversed_already"
        told = self._book(tuple((credit, debit, fen) for debit, credit, fen in voucher.flows))
        if told == OK:
            voucher.reversal = self.basic.last
        return told

    def seal(self, day: date) -> str:
        """A day of the fund's book."""
        if day > self.business_day:
            return "ledger_seal_not_yet"
        if day <= self.basic.sealed:
            return "ledger_sealed_already"
        self.basic.seal(day)
        return OK

    # -- claims and payments

    def _owe(self, *flows: Flow) -> None:
        day = self.owed_days.setdefault(self.business_day, Counter())
        for debit, credit, fen in flows:
            day[debit, credit] += fen

    def claim(self, cutoff: int, fen: int) -> str:
        """A claim settled, approved and released: one cut-off."""
        self.first_business = self.first_business or self.today
        self._owe((ADVANCED, REVIEW, fen), (REVIEW, APPROVED, fen))
        self.cutoffs[cutoff] = (fen, False)
        return OK

    def batch(self, payment: int, cutoffs: tuple[int, ...]) -> str:
        """Whole cut-offs into a batch; the money is set aside."""
        if any(self.cutoffs[c][1] for c in cutoffs):
            return "cutoff_batched"
        return self._pay(Payment(sum(self.cutoffs[c][0] for c in cutoffs), cutoffs), payment)

    def _pay(self, payment: Payment, number: int) -> str:
        if self.free() < payment.fen:
            return "ledger_overdrawn"
        self.payments[number], self.paid_holds[number] = payment, payment.fen
        for cutoff in payment.cutoffs:
            self.cutoffs[cutoff] = (self.cutoffs[cutoff][0], True)
        return OK

    def release_batch(self, number: int) -> str:
        """By the second person."""
        if self.payments[number].state != "prepared":
            return "batch_state"
        self.payments[number].state = "released"
        return OK

    def cancel_batch(self, number: int) -> str:
        """Before it was released: all is as before."""
        payment = self.payments[number]
        if payment.state != "prepared":
            return "batch_state"
        payment.state = "cancelled"
        del self.paid_holds[number]
        if payment.replaces is not None:
            self.payments[payment.replaces].replaced = False
        else:
            for cutoff in payment.cutoffs:
                self.cutoffs[cutoff] = (self.cutoffs[cutoff][0], False)
        return OK

    def repay(self, number: int, again: int) -> str:
        """A returned payment is paid again once."""
        payment = self.payments[number]
        if payment.replaced:
            return "payment_replaced_already"
        if payment.state != "returned":
            return "payment_not_returned"
        told = self._pay(Payment(payment.fen, payment.cutoffs, replaces=number), again)
        if told == OK:
            payment.replaced = True
        return told

    def statement(self, lines: tuple[tuple[str, int, int], ...], opening: int) -> str:
        """The bank's day: (``out``/``in``, fen, payment or -1 for what nobody knows)."""
        if self.statement_day == self.today:
            return "statement_already_imported"
        if self.statement_day is not None and opening != self.bank:
            return "statement_gap"
        self.statement_day, self.bank = self.today, opening
        for way, fen, number in lines:
            self.bank += fen if way == "in" else -fen
            payment = self.payments.get(number)
            if payment is None or payment.fen != fen:
                continue
            if way == "out" and payment.state == "released":
                del self.paid_holds[number]
                assert self._book(((BENEFITS, SPENDING, fen),)) == OK
                payment.state = "confirmed"
                self._owe((APPROVED, ADVANCED, fen))
            elif way == "in" and payment.state == "confirmed":
                assert self._book(((SPENDING, BENEFITS, fen),)) == OK
                payment.state = "returned"
                self._owe((ADVANCED, APPROVED, fen))
        return OK

    # -- days

    def close_day(self, day: date) -> str:
        """Every open day through this one: what is owed is booked on the day, then the books are sealed."""
        if self.first_open is not None and day < self.first_open:
            return "day_closed_already"
        if day > self.today:
            return "day_not_over"
        begin = min(self.first_open or self.first_business or day, day)
        while begin <= day:
            self._book_owed(begin)
            for book in (self.basic, self.owed, self.supplementary):
                if book.sealed < begin:
                    book.seal(begin)
            self.closed_days.add(begin)
            begin += DAY
        self.first_open = day + DAY
        return OK

    def _book_owed(self, day: date) -> None:
        flows = tuple((*pair, fen) for pair, fen in self.owed_days.pop(day, Counter()).items() if fen)
        if flows:
            self.owed.balances, self.owed.last = self.owed.after(flows), self.owed.last + 1
            self.owed.open_day = max(self.owed.open_day, day)

    def close_month(self, month: date) -> str:
        """All days closed from the first that ever was; every book."""
        last = (month.replace(day=28) + 4 * DAY).replace(day=1) - DAY
        if self.closed_days:
            day = max(min(self.closed_days), month)
            while day <= last:
                if day not in self.closed_days:
                    return "month_days_open"
                day += DAY
        books = (self.basic, self.owed, self.supplementary)
        for book in books:
            if last <= book.closed:
                return "ledger_period_closed"
            if last > book.sealed:
                return "ledger_period_not_sealed"
        for book in books:
            book.closed = last
        return OK
