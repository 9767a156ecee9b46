"""An end of a connection of any kind is one that a new connection follows."""

import asyncio

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from gpt_trader.broker.exchange.stream import opened, received
from gpt_trader.errors import Unavailable


async def _silent(socket: ServerConnection) -> None:
    await socket.wait_closed()


def _end_with_a_frame(socket: ClientConnection) -> None:
    """Let a frame and the connection's end come in one turn of the loop."""
    socket.data_received(b"\x81\x01x")
    socket.connection_lost(ConnectionResetError())
    socket.transport.abort()


def _no_text(socket: ClientConnection) -> None:
    socket.data_received(b"\x81\x01\xff")


@pytest.mark.parametrize("end", [_end_with_a_frame, _no_text])
def test_a_connection_that_ends_with_a_message_is_one_that_broke_off(end):
    async def listen() -> None:
        async with serve(_silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            socket = await connect(f"ws://127.0.0.1:{port}")
            taking = asyncio.ensure_future(anext(received(socket)))
            for _ in range(3):  # until it waits for a message
                await asyncio.sleep(0)
            end(socket)
            try:
                await taking
            finally:
                socket.transport.abort()

    with pytest.raises(Unavailable, match="broke off"):
        asyncio.run(listen())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 101 Swi",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 503 no\r\nContent-Length: 99\r\n\r\nno",
        b"HTTP/1.1 503 no\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_or_cannot_be_read_is_no_connection(answer):
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def open_it() -> None:
        async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
            await opened(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    with pytest.raises(Unavailable, match="cannot be read"):
        asyncio.run(open_it())
