#!/usr/bin/env python3
"""ClickHouse's HTTP interface in front of chdb, which is ClickHouse's engine in a process of ours: statement and data in the
body, credentials in headers, errors with X-ClickHouse-Exception-Code. Statements run one after the other.

usage: clickhouse.py PORT FOLDER USER PASSWORD

POST /fault?kind=KIND&count=N&only=INSERT makes the next N statements (with that first word) fail: a number is an HTTP status,
`code-N` an exception of ClickHouse, `lost` runs the statement and ends the connection without an answer, `reset` ends it before,
`hang` answers nothing for a minute. POST /password?to=TEXT changes the password.
"""
import gzip
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb import session

PORT, FOLDER, USER, PASSWORD = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
engine = session.Session(FOLDER)
lock = threading.Lock()
state = {"password": PASSWORD, "faults": [], "statements": 0}
STATUS = {60: 404, 81: 404, 516: 403, 497: 403, 62: 400, 27: 400, 41: 400, 117: 400, 252: 500}


def apart(statement):
    """The data of an insert comes from a file: the engine takes a statement for text, of which some ends it."""
    mark = b" FORMAT RowBinary\n"
    end = statement.find(mark)
    if not statement.startswith(b"INSERT INTO ") or end < 0:
        return statement
    with open(FOLDER + ".rows", "wb") as file:
        file.write(statement[end + len(mark) :])
    head, settings = statement[:end].rsplit(b" SETTINGS ", 1)
    return b"%s FROM INFILE '%s' SETTINGS %s FORMAT RowBinary" % (head, (FOLDER + ".rows").encode(), settings)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer go at once: a client that waits before it confirms the head would hold up the body.
    wbufsize = -1

    def log_message(self, *_):
        pass

    def body(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding", "")
        if encoding == "gzip":
            return gzip.decompress(data)
        if encoding == "zstd":
            return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
        return data

    def do_POST(self):
        url = urlsplit(self.path)
        parameters = {name: values[0] for name, values in parse_qs(url.query).items()}
        statement = self.body()
        if url.path == "/fault":
            for _ in range(int(parameters.get("count", "1"))):
                state["faults"].append((parameters["kind"], parameters.get("only", "")))
            return self.answer(200, b"")
        if url.path == "/password":
            state["password"] = parameters["to"]
            return self.answer(200, b"")
        # As our tests ask: without credentials, which the product always sends.
        asked = self.headers.get("X-ClickHouse-User")
        if asked is not None and (asked, self.headers.get("X-ClickHouse-Key", "")) != (USER, state["password"]):
            return self.error(516, f"{asked}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)")
        fault = self.fault(statement) if asked is not None else None
        if fault == "reset":
            return self.cut()
        if fault == "hang":
            time.sleep(60)
            return self.cut()
        if fault and fault.startswith("code-"):
            return self.error(int(fault[5:]), "made up by the test. (FAULT)")
        if fault and fault != "lost":
            return self.answer(int(fault), b"made up by the test")
        try:
            with lock:
                result = engine.query(apart(statement), "TabSeparated")
                data = result.bytes() or b""
        except Exception as problem:  # the engine's own words
            text = str(problem)
            code = re.search(r"Code: (\d+)", text)
            return self.error(int(code.group(1)) if code else 0, text, raw=True)
        if fault == "lost":
            return self.cut()
        self.answer(200, data)

    def fault(self, statement):
        with lock:
            for index, (kind, only) in enumerate(state["faults"]):
                if statement.startswith(only.encode()):
                    del state["faults"][index]
                    return kind
        return None

    def cut(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def error(self, code, text, raw=False):
        words = text if raw else f"Code: {code}. DB::Exception: {text}"
        self.answer(STATUS.get(code, 500), words.encode(), code)

    def answer(self, status, data, code=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if code is not None:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


Server(("127.0.0.1", PORT), Handler).serve_forever()
