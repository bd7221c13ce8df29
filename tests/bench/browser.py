#!/usr/bin/env python3
"""A browser in miniature: follows the authorization URL's redirect_uri with a code, after holding
an idle connection open as real browsers do, and notes when it had its answer."""

import os
import socket
import sys
import time
import urllib.parse

query = urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)
redirect = urllib.parse.urlsplit(query["redirect_uri"][0])
address = (redirect.hostname, redirect.port)
idle = socket.create_connection(address, 5)
target = f"{redirect.path or '/'}?" + urllib.parse.urlencode(
    {"code": "bench-code", "state": query["state"][0]})
head = (f"GET {target} HTTP/1.1\r\nHost: {redirect.netloc}\r\nSec-Fetch-Mode: navigate\r\n"
        "Sec-Fetch-Dest: document\r\nSec-Fetch-Site: cross-site\r\nAccept: text/html\r\n\r\n")
with socket.create_connection(address, 30) as connection:
    sent = time.monotonic()
    connection.sendall(head.encode())
    answer = connection.recv(65536)
    answered = time.monotonic()
with open(os.environ["BENCH_BROWSER_REPORT"], "w", encoding="utf-8") as report:
    report.write(f"{sent} {answered} {answer[:15].decode(errors='replace')}")
time.sleep(1)  # the idle connection stays open longer than the program may live
idle.close()
