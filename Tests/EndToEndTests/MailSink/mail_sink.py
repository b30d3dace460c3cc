# SPDX-License-Identifier: Apache-2.0
"""A mail server for one test: takes mails on a port of the system's choice and writes each to a file.

mail_sink.py FOLDER MODE [USER PASSWORD]; MODE is plain, starttls or tls. The folder holds cert.pem and key.pem.
"""
import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder, mode = sys.argv[1:3]
login = [text.encode() for text in sys.argv[3:5]]


class Sink:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        Sink.count += 1
        path = f"{folder}/mail-{Sink.count}"
        with open(path + ".part", "wb") as file:
            file.write(f"To: {envelope.rcpt_tos}; tls: {session.ssl is not None}; ".encode())
            file.write(f"login: {session.authenticated}\n".encode())
            file.write(envelope.content)
        os.rename(path + ".part", path)
        print(f"mail {Sink.count}", flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=[data.login, data.password] == login, handled=False)


async def serve():
    context = None
    if mode != "plain":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")

    def session():
        return SMTP(
            Sink(),
            hostname="localhost",
            tls_context=context if mode == "starttls" else None,
            require_starttls=mode == "starttls",
            authenticator=authenticate if login else None,
            auth_required=bool(login),
            # Under TLS from the first byte on aiosmtpd does not know of it.
            auth_require_tls=mode == "starttls",
        )

    server = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", 0, ssl=context if mode == "tls" else None
    )
    print(f"listening {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(serve())
