#!/usr/bin/env python3
"""Takes request bodies of known length, keeps nothing, and answers with how many bytes it saw."""

import socket
import sys
import threading


def serve(connection):
    buffer = bytearray(1 << 20)
    head = b""
    while True:
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        text, rest = head.split(b"\r\n\r\n", 1)
        length = next((int(line.split(b":")[1]) for line in text.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), 0)
        seen, head = len(rest), b""
        while seen < length:
            count = connection.recv_into(buffer)
            if not count:
                return
            seen += count
        body = str(seen).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
