"""A WebSocket through a gate: its bytes go both ways, and the waiter's frames are read on
their way. A test can cut it, or let it die without a word."""

import json
import socket
import threading

from wsproto.frame_protocol import FrameProtocol, Opcode

CHUNK = 65_536


class Tunnel:
    """`meet` is called with the word of each frame: it may wait, and says whether the frame may pass."""

    def __init__(self, waiter, upstream, meet):
        self.waiter, self.upstream, self.meet = waiter, upstream, meet
        self.frames = FrameProtocol(client=False, extensions=[])
        self.message = b""
        self.thaw = threading.Event()
        self.thaw.set()
        self.ended = threading.Event()

    def run(self, head):
        """Until either side ends it."""
        self.upstream.sendall(head)
        back = threading.Thread(target=self.pump, args=(self.upstream, self.waiter, lambda _: True), daemon=True)
        back.start()
        self.pump(self.waiter, self.upstream, self.reads)
        back.join()
        self.ended.set()

    def pump(self, source, target, may_pass):
        try:
            while data := source.recv(CHUNK):
                if not may_pass(data):
                    break
                self.thaw.wait()
                target.sendall(data)
        except OSError:
            pass  # the other pump, or the test, closed it
        self.cut()

    def reads(self, data):
        """What the waiter sends: whether it may pass."""
        self.frames.receive_bytes(data)
        for frame in self.frames.received_frames():
            if frame.opcode not in (Opcode.TEXT, Opcode.CONTINUATION):
                continue
            payload = frame.payload
            self.message += payload.encode() if isinstance(payload, str) else bytes(payload)
            if frame.message_finished:
                message, self.message = self.message, b""
                if not self.meet(word_of(message)):
                    return False
        return True

    def freeze(self):
        """Nothing comes through any more, and nobody is told."""
        self.thaw.clear()

    def cut(self):
        """Ends it for both sides."""
        self.thaw.set()
        for end in (self.waiter, self.upstream):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed


def word_of(message):
    """`FRAME wait ARN ID`: what a rule of the gate is about."""
    frame = json.loads(message)
    return " ".join(["FRAME", frame["action"], frame.get("arn", ""), frame.get("wait_id", "")]).strip()


def head_of(handler, host):
    """The request again, for the server behind the gate."""
    lines = [f"{handler.command} {handler.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in handler.headers.items() if name.lower() != "host"]
    return ("\r\n".join([*lines, f"host: {host}"]) + "\r\n\r\n").encode()
