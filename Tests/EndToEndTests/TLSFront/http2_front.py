# SPDX-License-Identifier: Apache-2.0
"""Speaks HTTP/2 over TLS in front of a target of HTTP/1.1: CERTIFICATE KEY PORT.

A request is handed on with `HTTP/2` in its first line. What the target answers becomes frames as it is, also where it lies: its
framing is taken off, its fields are neither checked nor changed but for their case.
"""

import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.events


def ask(port, request):
    with socket.create_connection(("127.0.0.1", port)) as target:
        target.sendall(request)
        reader = target.makefile("rb")
        status = reader.readline().split()[1].decode()
        fields = []
        while (line := reader.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            fields.append((name.strip().lower(), value.strip()))
        names = dict(fields)
        trailers = []
        if names.get(b"transfer-encoding", b"").lower() == b"chunked":
            fields = [field for field in fields if field[0] not in (b"transfer-encoding", b"trailer")]
            pieces = []
            while size := int(reader.readline() or b"0", 16):
                pieces.append(reader.read(size))
                reader.readline()
            while (line := reader.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                trailers.append((name.strip().lower(), value.strip()))
        elif b"content-length" in names:
            pieces = [reader.read(int(names[b"content-length"]))]
        else:
            pieces = [reader.read()]
        return [(b":status", status.encode())] + fields, pieces, trailers


def serve(peer, tls, port):
    try:
        secure = tls.wrap_socket(peer, server_side=True)
    except OSError:
        # The peer does not trust the certificate.
        peer.close()
        return
    connection = h2.connection.H2Connection(
        h2.config.H2Configuration(
            client_side=False, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
        )
    )
    connection.initiate_connection()
    secure.sendall(connection.data_to_send())
    requests = {}
    try:
        while data := secure.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    requests[event.stream_id] = (event.headers, b"")
                elif isinstance(event, h2.events.DataReceived):
                    fields, body = requests[event.stream_id]
                    requests[event.stream_id] = (fields, body + event.data)
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    answer(connection, event.stream_id, *requests.pop(event.stream_id), port)
            secure.sendall(connection.data_to_send())
    except OSError:
        pass
    secure.close()


def answer(connection, stream, fields, body, port):
    pseudo = {name: value for name, value in fields if name.startswith(b":")}
    lines = [b"%s %s HTTP/2" % (pseudo[b":method"], pseudo[b":path"]), b"host: " + pseudo[b":authority"]]
    lines += [name + b": " + value for name, value in fields if not name.startswith(b":")]
    if body and not any(name == b"content-length" for name, _ in fields):
        lines.append(b"content-length: %d" % len(body))
    head, pieces, trailers = ask(port, b"\r\n".join(lines) + b"\r\n\r\n" + body)
    connection.send_headers(stream, head)
    for piece in pieces:
        for start in range(0, len(piece), 16384):
            connection.send_data(stream, piece[start : start + 16384])
    if trailers:
        connection.send_headers(stream, trailers, end_stream=True)
    else:
        connection.end_stream(stream)


certificate, key, port = sys.argv[1:]
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
tls.set_alpn_protocols(["h2"])
listener = socket.create_server(("127.0.0.1", 0))
print("listening", listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], tls, int(port)), daemon=True).start()
