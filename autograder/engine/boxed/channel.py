"""A socket that carries frames (see `wire`)."""

import select
import time

from . import wire

_TICK = 0.25  # seconds
_CHUNK = 2**16  # bytes; most frames arrive in one piece


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
        self._received = bytearray()  # and not yet read

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
        self.send_frame(wire.pack(message, blobs), deadline)

    def send_frame(self, frame, deadline=None):
        """Send a frame that is packed already; raises as `send` does."""
        rest = memoryview(frame)
        while rest:
            self._mind_the_clock(deadline)
            try:
                rest = rest[self.connection.send(rest) :]
            except BlockingIOError:
                self._wait(deadline, writing=True)
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
        while len(self._received) < size:
            self._mind_the_clock(deadline)
            try:
                part = self.connection.recv(max(_CHUNK, min(size - len(self._received), 2**20)))
            except BlockingIOError:
                self._wait(deadline, writing=False)
                continue
            except OSError:
                raise Closed from None
            if not part:
                raise Closed
            self._received += part
        with memoryview(self._received) as view:
            data = bytes(view[:size])
        del self._received[:size]
        return data

    def _mind_the_clock(self, deadline):
        """Tick, and raise when it is late: also when the socket is always ready, for someone may never stop talking."""
        if deadline is None and self.tick is None:
            return
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            raise Late
        if self.tick is not None and now >= self._next_tick:
            self._next_tick = now + _TICK
            self.tick()

    def _wait(self, deadline, writing):
        """Return when the socket is ready."""
        poll = select.poll()
        poll.register(self.connection, select.POLLOUT if writing else select.POLLIN)
        while True:
            left = _TICK if deadline is None else max(0.0, min(_TICK, deadline - time.monotonic()))
            if poll.poll(left * 1000):
                return
            self._mind_the_clock(deadline)

    def close(self):
        """Close the socket."""
        self.connection.close()
