"""A TCP proxy that breaks connections: a reset (RST), not a polite close, at a chosen moment."""

import enum
import queue
import select
import socket
import struct
import threading


class Fault(enum.Enum):
    BEFORE_REQUEST = "reset as soon as it is connected"
    WITHIN_REQUEST = "reset when some of the request has passed"
    BEFORE_ANSWER = "reset when the whole request was answered, and nothing of the answer has passed"
    WITHIN_ANSWER = "reset when some of the answer has passed"
    SILENCE = "the request is swallowed, and nothing comes back"


# Of the request line or the status line: less than the shortest of either.
SOME_BYTES = 12
CHUNK = 65536


def reset(*connections):
    for connection in connections:
        # Not waiting for what was not sent yet makes closing a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


class FaultyProxy:
    """Carries connections to a port; the first ones meet these faults, one each."""

    def __init__(self, port, faults):
        self.port_behind = port
        self.faults = queue.SimpleQueue()
        for fault in faults:
            self.faults.put(fault)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            fault = None if self.faults.empty() else self.faults.get()
            threading.Thread(target=self.carry, args=(client, fault), daemon=True).start()

    def carry(self, client, fault):
        if fault is Fault.BEFORE_REQUEST:
            return reset(client)
        if fault is Fault.SILENCE:
            self.open.append(client)
            return None
        server = socket.create_connection(("127.0.0.1", self.port_behind))
        with client, server:
            try:
                if fault is Fault.WITHIN_REQUEST:
                    server.sendall(client.recv(SOME_BYTES))
                    return reset(client, server)
                return relay(client, server, fault)
            except OSError:
                # One of the two has reset its connection: so does the proxy.
                return reset(client, server)

    def all_faults_met(self):
        return self.faults.empty()

    def close(self):
        self.listener.close()
        reset(*self.open)


def relay(client, server, fault):
    """Both ways in one thread: closing a socket that another thread reads resets nothing."""
    other = {client: server, server: client}
    while True:
        for source in select.select([client, server], [], [])[0]:
            data = source.recv(CHUNK)
            if not data:
                return
            if source is server and fault:
                client.sendall(data[:SOME_BYTES] if fault is Fault.WITHIN_ANSWER else b"")
                return reset(client, server)
            other[source].sendall(data)
