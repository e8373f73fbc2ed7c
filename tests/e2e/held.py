"""A waiter that holds a connection, by a WebSocket library of others."""

import itertools
import json
import queue
import threading

import websocket

from conftest import PATIENCE_SECONDS


class Held:
    """One connection. What it asks is answered before anything else comes."""

    def __init__(self, url, headers=None):
        self.socket = websocket.create_connection(url, timeout=60, header=headers or {})
        self.numbers = itertools.count(1)

    def ask(self, action, **fields):
        request_id = self.send(action, **fields)
        answer = self.receive()
        assert answer.pop("request_id", None) == request_id, answer
        return answer

    def ping(self):
        """Whether the gateway answers."""
        self.send("ping")
        return self.receive() == {"action": "pong"}

    def send(self, action, **fields):
        request_id = str(next(self.numbers))
        self.socket.send(json.dumps({"action": action, "request_id": request_id, **fields}))
        return request_id

    def register(self, arn, wait_id="w", **more):
        return self.ask("wait", arn=arn, wait_id=wait_id, **more)

    def receive(self):
        return json.loads(self.socket.recv())

    def is_closed(self):
        try:
            return self.socket.recv() == ""
        except (websocket.WebSocketException, OSError):
            return True

    def close(self):
        self.socket.close()


class Listening(Held):
    """One that signals may reach at any time, for many waits."""

    def __init__(self, url, headers=None):
        super().__init__(url, headers)
        # Silence is no reason to stop reading.
        self.socket.settimeout(None)
        self.signals, self.answers = queue.Queue(), queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                text = self.socket.recv()
            except (websocket.WebSocketException, OSError):
                return
            if not text:
                return
            received = json.loads(text)
            (self.signals if "data" in received else self.answers).put(received)

    def receive(self):
        return self.answers.get(timeout=PATIENCE_SECONDS)

    def hear(self, seconds=PATIENCE_SECONDS):
        return self.signals.get(timeout=seconds)
