# SPDX-License-Identifier: Apache-2.0
"""Sends streams of HTTP/2 as they are given, right or wrong, and prints what comes back: PORT CERTIFICATE, JSON on stdin.

{"streams": [{"fields": [[name, value], …], "body": text, "trailers": [[name, value], …], "reset": true}],
 "leave": text}

What is printed is the answer to the last stream, in the form of HTTP/1.1, or why there is none. A stream with `reset` is
reset as soon as it is sent; with `leave` the last one is reset when its answer holds that text. GOAWAY is told by a line.
"""

import json
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.errors
import h2.events


def lines(fields):
    return "".join(f"{name}: {value}\r\n" for name, value in fields)


def take(peer, count):
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            raise ConnectionAbortedError
        data += piece
    return data


def frame(peer):
    head = take(peer, 9)
    return head + take(peer, int.from_bytes(head[:3], "big"))


port, certificate = sys.argv[1:]
plan = json.load(sys.stdin)
context = ssl.create_default_context(cafile=certificate)
context.check_hostname = False
context.set_alpn_protocols(["h2"])
peer = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port)), timeout=30))
assert peer.selected_alpn_protocol() == "h2", "no HTTP/2"
connection = h2.connection.H2Connection(
    h2.config.H2Configuration(
        header_encoding="latin-1", validate_outbound_headers=False, normalize_outbound_headers=False
    )
)
connection.initiate_connection()
last = 0
head, body, tail, verdict = "", b"", "", None
try:
    for stream in plan["streams"]:
        last = connection.get_next_available_stream_id()
        bodies, trailers = stream.get("body"), stream.get("trailers")
        connection.send_headers(last, stream["fields"], end_stream=bodies is None and not trailers)
        if bodies is not None:
            connection.send_data(last, bodies.encode(), end_stream=not trailers)
        if trailers:
            connection.send_headers(last, trailers, end_stream=True)
        if stream.get("reset"):
            connection.reset_stream(last, h2.errors.ErrorCodes.CANCEL)
        peer.sendall(connection.data_to_send())
    while verdict is None:
        received = connection.receive_data(frame(peer))
        # The library takes GOAWAY for the end, and not for the announcement that it is (RFC 9113 §6.8).
        if connection.state_machine.state is h2.connection.ConnectionState.CLOSED:
            connection.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
        for event in received:
            if isinstance(event, h2.events.ConnectionTerminated):
                print(f"GOAWAY {int(event.error_code)}", flush=True)
            if getattr(event, "stream_id", 0) != last:
                continue
            if isinstance(event, h2.events.ResponseReceived):
                fields = list(event.headers)
                head = f"HTTP/2 {fields[0][1]}\r\n" + lines(fields[1:])
                print("ANSWERED", flush=True)
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, last)
                if "leave" in plan and plan["leave"].encode() in body:
                    connection.reset_stream(last, h2.errors.ErrorCodes.CANCEL)
                    verdict = "LEFT"
            elif isinstance(event, h2.events.TrailersReceived):
                tail = lines(event.headers)
            elif isinstance(event, h2.events.StreamEnded):
                verdict = "WHOLE"
            elif isinstance(event, h2.events.StreamReset):
                verdict = f"RESET {int(event.error_code)}"
        peer.sendall(connection.data_to_send())
except OSError as error:
    verdict = f"CLOSED {type(error).__name__}"
print(verdict)
sys.stdout.flush()
sys.stdout.buffer.write(head.encode("latin-1") + b"\r\n" + body + b"\r\n" + tail.encode("latin-1"))
