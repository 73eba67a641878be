"""A client of the plain protocol, as small as it can be: WebSocket text messages, in a packet of Socket.IO or bare."""

import base64
import json
import os
import socket

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
PATHS = {"ws": "/", "socketio": "/socket.io/?EIO=4&transport=websocket"}


class Ended(Exception):
    """The server has closed the connection, or says something else than expected."""


class WebSocket:
    """A connection (RFC 6455)."""

    def __init__(self, port, path, patience):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        status = self.stream.readline()
        if b" 101 " not in status:
            raise Ended(f"no WebSocket: {status.decode(errors='replace').strip()}")
        while self.stream.readline().strip():
            pass

    def send(self, opcode, payload):
        self.socket.sendall(frame(opcode, payload, mask=os.urandom(4)))

    def receive(self):
        """The next text."""
        while True:
            opcode, payload = read_frame(self.stream)
            if opcode == TEXT:
                return payload.decode()
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                raise Ended("the server closed the connection")

    def close(self):
        self.send(CLOSE, b"\x03\xe8")
        self.stream.close()
        self.socket.close()


def frame(opcode, payload, mask=b""):
    """A frame: masked as clients do, or not as servers do."""
    length = len(payload)
    head = bytes([0x80 | opcode])
    flag = 0x80 if mask else 0
    if length < 126:
        head += bytes([flag | length])
    else:
        head += bytes([flag | 126]) + length.to_bytes(2, "big")
    return head + mask + masked(payload, mask)


def masked(payload, mask):
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if mask else payload


def read_frame(stream):
    """The next frame's kind and payload, of a server or a client."""
    first, second = read(stream, 2)
    length = second & 0x7F
    if length == 126:
        length = int.from_bytes(read(stream, 2), "big")
    elif length == 127:
        length = int.from_bytes(read(stream, 8), "big")
    mask = read(stream, 4) if second & 0x80 else b""
    return first & 0x0F, masked(read(stream, length), mask)


def read(stream, count):
    some = stream.read(count)
    if len(some) < count:
        raise Ended("the server is gone")
    return some


class Client:
    """One that says and hears the protocol's texts over either transport."""

    def __init__(self, port, transport, patience):
        self.socket = WebSocket(port, PATHS[transport], patience)
        self.packed = transport == "socketio"
        if self.packed:
            self.expect("0{")
            self.socket.send(TEXT, b"40")
            self.expect("40")

    def expect(self, beginning):
        packet = self.socket.receive()
        if not packet.startswith(beginning):
            raise Ended(f"{packet!r} came, not {beginning!r}")

    def say(self, text):
        packet = "42" + json.dumps(["message", text]) if self.packed else text
        self.socket.send(TEXT, packet.encode())

    def hear(self):
        """The next text of the protocol."""
        while True:
            packet = self.socket.receive()
            if not self.packed:
                return packet
            if packet == "2":
                self.socket.send(TEXT, b"3")
            elif packet.startswith("42"):
                event, *arguments = json.loads(packet[2:])
                if event != "message" or len(arguments) != 1:
                    raise Ended(f"{packet!r} is no message")
                return arguments[0]
            else:
                raise Ended(f"{packet!r} came unasked")

    def close(self):
        self.socket.close()
