"""A socket that carries frames (see `wire`)."""

import select
import time

from . import wire

_TICK = 0.25  # seconds


class Closed(Exception):
    """The other side is gone."""


class Late(Exception):
    """Nothing arrived before the deadline."""


class Channel:
    """Frames over a connected stream socket.

    Parameters
    ----------
    connection : socket.socket
    tick : callable, optional
        Called about four times a second while waiting; may raise.
    """

    def __init__(self, connection, tick=None):
        self.connection = connection
        self.tick = tick
        self._next_tick = 0.0

    def send(self, message, blobs=(), deadline=None):
        """Send one frame.

        Raises
        ------
        Unsendable
            If it is too large.
        Closed
            If the other side is gone.
        Late
            If the other side does not read before the deadline.
        """
        rest = memoryview(wire.pack(message, blobs))
        while rest:
            self._wait(deadline, writing=True)
            try:
                rest = rest[self.connection.send(rest) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Closed from None

    def receive(self, deadline=None):
        """Wait for one frame.

        Parameters
        ----------
        deadline : float, optional
            Time of `time.monotonic`.

        Returns
        -------
        message : dict
        blobs : list of memoryview

        Raises
        ------
        Closed, Late, wire.WireError
        """
        text, binary = wire.body_sizes(self._read(wire.HEADER.size, deadline))
        return wire.unpack(self._read(text, deadline), self._read(binary, deadline))

    def _read(self, size, deadline):
        data = bytearray()
        while len(data) < size:
            self._wait(deadline, writing=False)
            try:
                part = self.connection.recv(min(size - len(data), 2**20))
            except BlockingIOError:
                continue
            except OSError:
                raise Closed from None
            if not part:
                raise Closed
            data += part
        return bytes(data)

    def _wait(self, deadline, writing):
        """Return when the socket is ready."""
        if deadline is None and self.tick is None:
            return
        poll = select.poll()
        poll.register(self.connection, select.POLLOUT if writing else select.POLLIN)
        while True:  # the clock comes first: someone who keeps talking must not go on for ever
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                raise Late
            if self.tick is not None and now >= self._next_tick:
                self._next_tick = now + _TICK
                self.tick()
            left = _TICK if deadline is None else min(_TICK, deadline - now)
            if poll.poll(left * 1000):
                return

    def close(self):
        """Close the socket."""
        self.connection.close()
