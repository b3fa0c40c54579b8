"""TLS in front of the tests' Postgres, whose package is built without it: its handshake, and then what it says."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import SHUT_WR, create_connection, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Final

_SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")
"""What a client sends first that wants TLS (PostgreSQL's manual, "Message Formats")."""


@contextmanager
def encrypting(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """Listen on another port for clients that ask for TLS, and for no others."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            if self.request.recv(len(_SSL_REQUEST)) != _SSL_REQUEST:
                return
            self.request.sendall(b"S")
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as client,
                create_connection(("127.0.0.1", port)) as server,
            ):
                back = Thread(target=_copy, args=(server, client))
                back.start()
                _copy(client, server)
                back.join()

    class Listener(ThreadingTCPServer):
        daemon_threads = True

    with Listener(("127.0.0.1", 0), Handler) as listener:
        thread = Thread(target=listener.serve_forever)
        thread.start()
        try:
            yield listener.server_address[1]
        finally:
            listener.shutdown()
            thread.join()


def _copy(source: socket, target: socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(SHUT_WR)
