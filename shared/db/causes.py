"""What an error of the database wraps."""

from collections.abc import Iterator


def causes(error: BaseException | None, *, context: bool = False) -> Iterator[BaseException]:
    """The error and what it wraps: SQLAlchemy and its adapter each put their own around the driver's. With ``context``
    also the error during whose handling it arose, where it names no cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = getattr(error, "orig", None)
        wrapped = error.__cause__ or (error.__context__ if context else None)
        error = inner if isinstance(inner, BaseException) else wrapped
