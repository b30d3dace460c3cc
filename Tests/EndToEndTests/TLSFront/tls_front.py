# SPDX-License-Identifier: Apache-2.0
"""Takes TLS off connections and hands their bytes to a port of loopback: CERTIFICATE KEY PORT."""

import socket
import ssl
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(peer, context, port):
    try:
        plain = context.wrap_socket(peer, server_side=True)
    except OSError:
        # The peer does not trust the certificate.
        peer.close()
        return
    target = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=pump, args=(target, plain), daemon=True).start()
    pump(plain, target)


certificate, key, port = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.create_server(("127.0.0.1", 0))
print("listening", listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], context, int(port)), daemon=True).start()
