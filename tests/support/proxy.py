"""A TCP proxy before PostgreSQL that loses what a test tells it to lose around COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

_PIECE = 65_536
_QUERY = b"Q"


@dataclass
class Losses:
    """What happens to a COMMIT on its way; each counts down to nothing, and then all passes as it came."""

    acknowledgements: int = 0
    """COMMITs that reach the server, whose answer is dropped with the connection."""
    commits: int = 0
    """COMMITs that never reach the server: the connection ends on both sides instead."""
    passing: int = 0
    """COMMITs that pass before any of those."""
    late_seconds: float = 0.0
    """With ``acknowledgements``: the caller's side ends at once and the COMMIT reaches the server so much later."""
    refuse: bool = False
    """Whether new connections are refused, so that nobody can be asked what happened."""
    refuse_after_loss: bool = False
    """Whether they are, as soon as something was lost."""
    lost: int = 0

    def take(self) -> str:
        """What becomes of the COMMIT that just came: ``pass``, ``acknowledgement`` or ``commit`` is lost."""
        if self.passing > 0:
            self.passing -= 1
            return "pass"
        for name in ("acknowledgements", "commits"):
            if getattr(self, name) > 0:
                setattr(self, name, getattr(self, name) - 1)
                self.lost += 1
                self.refuse = self.refuse or self.refuse_after_loss
                return name.removesuffix("s")
        return "pass"


class _Messages:
    """Cuts a client's bytes into protocol messages; those before the first typed one have no type byte."""

    def __init__(self) -> None:
        self._buffer = b""
        self._started = False

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        """(type, whole message) of each message that is complete."""
        self._buffer += piece
        found: list[tuple[bytes, bytes]] = []
        while (head := 1 if self._started else 0) + 4 <= len(self._buffer):
            size = head + int.from_bytes(self._buffer[head : head + 4])
            if len(self._buffer) < size:
                break
            message, self._buffer = self._buffer[:size], self._buffer[size:]
            found.append((message[:1] if self._started else b"", message))
            # An SSLRequest has the code 80877103 and is followed by the real first message.
            self._started = self._started or int.from_bytes(message[4:8]) != 80_877_103
        return found


@asynccontextmanager
async def lossy_postgres(url: str) -> AsyncIterator[tuple[str, Losses]]:
    """The address of a proxy before the server of ``url``, and what it is to lose."""
    parts, losses = urlsplit(url), Losses()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if losses.refuse:
            writer.close()
            return
        there = await asyncio.open_connection(parts.hostname, parts.port)
        back = asyncio.ensure_future(_copy(there[0], writer))
        try:
            await _forward(reader, writer, there, back, losses)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            back.cancel()
            writer.close()
            there[1].close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials, _, _ = parts.netloc.rpartition("@")
    yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}")), losses
    server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(piece)
    writer.close()


async def _forward(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    back: "asyncio.Task[None]",
    losses: Losses,
) -> None:
    """Client to server, until one of them ends or a COMMIT is to be lost."""
    messages = _Messages()
    while piece := await reader.read(_PIECE):
        for kind, message in messages.feed(piece):
            fate = losses.take() if kind == _QUERY and message[5:].upper().startswith(b"COMMIT") else "pass"
            if fate == "pass":
                there[1].write(message)
                continue
            back.cancel()
            await asyncio.wait({back})  # the answer is read here and nowhere else
            if fate == "acknowledgement":
                if losses.late_seconds:
                    writer.transport.abort()
                    await asyncio.sleep(losses.late_seconds)
                there[1].write(message)
                await there[0].read(_PIECE)  # the server's acknowledgement: it is committed, and nobody is told
            writer.transport.abort()
            return
        await there[1].drain()
