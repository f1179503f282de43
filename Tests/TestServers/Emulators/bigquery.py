"""BigQuery for tests: local-bigquery, with what it lacks.

- Change data capture as Google documents it: a table with a primary key takes rows with _CHANGE_TYPE and _CHANGE_SEQUENCE_NUMBER;
  a query sees of each key the row with the highest number, and none where that is a DELETE. The rows are kept as they came; queries
  that name a table in backticks see it by that rule.
- Faults: POST /_faults {"rest": [{"path": REGEX, "status": 503, "reason": "backendError", "times": 2, "after": true}],
  "grpc": [{"method": "AppendRows", "code": "UNAVAILABLE", "times": 2, "after": true, "hang": false}]}. `after`: once it was done,
  so that the answer is lost.
- POST /_streams {"do": "forget"} lets go of all streams, as Google does after days without rows; "finalize" ends them, "lose" makes them
  think that their last row never came.
- GET /_seen: how many calls of each kind came.

usage: bigquery.py PORT GRPC_PORT FOLDER
"""

import collections
import json
import pathlib
import re
import sys
import threading
import time

from local_bigquery.settings import settings

settings.bigquery_host = "127.0.0.1"
settings.bigquery_port, settings.grpc_port = int(sys.argv[1]), int(sys.argv[2])
settings.data_dir = pathlib.Path(sys.argv[3])

import grpc  # noqa: E402
import uvicorn  # noqa: E402
from local_bigquery.grpc import read, write  # noqa: E402

# Requests of the real service have up to 10 MB.
limited_server = grpc.server
grpc.server = lambda *arguments: limited_server(*arguments, options=[("grpc.max_receive_message_length", 20 << 20)])

lock = threading.Lock()
# One call of the Storage Write API after the other, also those of a client that is gone: a stream at Google that is ended, or that
# has rows at an offset, takes nothing that was under way. The emulator itself would insert both.
serial = threading.Lock()
faults = {"rest": [], "grpc": []}
seen = collections.Counter()
# Primary keys of the tables that take changes, by project, dataset and table.
keys = {}
HIDDEN = ["_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER"]


def fault(kind, matches):
    with lock:
        for entry in faults[kind]:
            if entry.get("times", 1) > 0 and matches(entry):
                entry["times"] = entry.get("times", 1) - 1
                return entry
    return None


def guarded(method, function, is_stream):
    def run(entry, request):
        if entry.get("hang"):
            time.sleep(3600)
        raise read.StorageError(getattr(grpc.StatusCode, entry["code"]), entry.get("message", "made by the test"))

    def stream(requests):
        seen[method] += 1
        entry = fault("grpc", lambda e: e.get("method", method) == method)
        if entry and not entry.get("after"):
            run(entry, requests)
        # A call of ours sends everything before it reads.
        whole = list(requests)
        with serial:
            answers = list(function(iter(whole)))
        if entry:
            run(entry, requests)
        yield from answers

    def unary(request):
        seen[method] += 1
        entry = fault("grpc", lambda e: e.get("method", method) == method)
        if entry and not entry.get("after"):
            run(entry, request)
        with serial:
            answer = function(request)
        if entry:
            run(entry, request)
        return answer

    return stream if is_stream else unary


any_stream = write._stream


def known_stream(name):
    # As Google answers; the emulator says INVALID_ARGUMENT.
    if name not in write._streams and not name.endswith("/streams/_default"):
        raise read.StorageError(grpc.StatusCode.NOT_FOUND, f"Requested entity was not found. Entity: {name}")
    return any_stream(name)


write._stream = known_stream
write.append = guarded("AppendRows", write.append, True)
write.create = guarded("CreateWriteStream", write.create, False)
write.get = guarded("GetWriteStream", write.get, False)
write.finalize = guarded("FinalizeWriteStream", write.finalize, False)

from local_bigquery.app import app  # noqa: E402
from local_bigquery.grpc import server  # noqa: E402



def streams(action):
    with serial:
        if action == "forget":
            write._streams.clear()
        for stream in write._streams.values():
            if action == "finalize":
                stream.finalized = True
            if action == "lose":
                stream.count -= 1


TABLES = re.compile(r"^/bigquery/v2/projects/([^/]+)/datasets/([^/]+)/tables(?:/([^/]+))?$")
NAME = re.compile(r"\bFROM `([^`.]+)\.([^`.]+)\.([^`]+)`")


def by_rule(match):
    table = match.groups()
    if table not in keys:
        return match.group(0)
    key = ", ".join(f"`{name}`" for name in keys[table])
    return (
        f"FROM (SELECT * EXCEPT (_CHANGE_TYPE, _CHANGE_SEQUENCE_NUMBER, buz_place) FROM (SELECT *, ROW_NUMBER() OVER "
        f"(PARTITION BY {key} ORDER BY _CHANGE_SEQUENCE_NUMBER DESC) AS buz_place FROM `{'.'.join(table)}`) "
        f"WHERE buz_place = 1 AND _CHANGE_TYPE <> 'DELETE') AS rows_by_rule"
    )


def change(scope, body):
    """What becomes of a request's body."""
    if not body or scope["method"] not in ("POST", "PATCH", "PUT"):
        return body
    place = TABLES.match(scope["path"])
    if not place and not scope["path"].endswith("/queries"):
        return body
    content = json.loads(body)
    if not place:
        content["query"] = NAME.sub(by_rule, content["query"])
        return json.dumps(content).encode()
    project, dataset, table = place.groups()
    key = content.get("tableConstraints", {}).get("primaryKey", {}).get("columns")
    table = table or content.get("tableReference", {}).get("tableId")
    if key and scope["method"] == "POST":
        keys[(project, dataset, table)] = key
    fields = content.get("schema", {}).get("fields")
    if fields is not None and (project, dataset, table) in keys:
        fields += [{"name": name, "type": "STRING", "mode": "NULLABLE"} for name in HIDDEN]
    return json.dumps(content).encode()


def hide(path, body):
    if not TABLES.match(path) or not body.startswith(b"{"):
        return body
    content = json.loads(body)
    fields = content.get("schema", {}).get("fields")
    if fields is None:
        return body
    content["schema"]["fields"] = [field for field in fields if field["name"] not in HIDDEN]
    return json.dumps(content).encode()


class Between:
    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path = scope["path"]
        if path == "/_faults":
            with lock:
                faults.update({"rest": [], "grpc": []} | json.loads(body))
            return await self.answer(send, 200, b"{}")
        if path == "/_streams":
            streams(json.loads(body)["do"])
            return await self.answer(send, 200, b"{}")
        if path == "/_seen":
            return await self.answer(send, 200, json.dumps(seen).encode())
        seen[f"{scope['method']} {path.split('/')[-1]}"] += 1
        entry = fault("rest", lambda e: re.search(e["path"], f"{scope['method']} {path}"))
        if entry and not entry.get("after"):
            return await self.fail(send, entry)
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding") != b"gzip":
            body = change(scope, body)
        headers[b"content-length"] = str(len(body)).encode()
        headers.pop(b"accept-encoding", None)
        start, parts = {}, []

        async def request():
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message):
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.inner({**scope, "headers": list(headers.items())}, request, keep)
        if entry:
            return await self.fail(send, entry)
        await self.answer(send, start["status"], hide(path, b"".join(parts)), start["headers"])

    async def fail(self, send, entry):
        status, reason = entry.get("status", 503), entry.get("reason", "backendError")
        error = {"code": status, "message": entry.get("message", "made by the test"), "errors": [{"reason": reason, "message": ""}]}
        await self.answer(send, status, json.dumps({"error": error}).encode())

    async def answer(self, send, status, body, headers=()):
        kept = [(name, value) for name, value in headers if name != b"content-length"] or [(b"content-type", b"application/json")]
        kept.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": kept})
        await send({"type": "http.response.body", "body": body})


started, _ = server.start("127.0.0.1", settings.grpc_port)
uvicorn.run(Between(app), host="127.0.0.1", port=settings.bigquery_port, log_level="warning")
started.stop(None)
