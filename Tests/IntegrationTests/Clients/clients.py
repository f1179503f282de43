"""Drives the collector with the clients of PyPI, unmodified, and compares what came out.

  clients.py send PORT EXPECTED.json      sends, and writes down what is expected
  clients.py compare EXPECTED.json FILE…  compares every field of the envelopes with it; exit 1 and one line each where they differ
"""
import base64
import datetime
import gzip
import http.client
import json
import sys
import time

ODD = "é?~þÿ\"\\ \u4e2d\U0001F600"
USER, ORDER = "iglu:com.acme/user/jsonschema/1-0-0", "iglu:com.acme/order/jsonschema/1-0-0"
CANONICAL = "iglu:io.silverton/snowplow.event/jsonschema/1-0-0"
ATTRIBUTES = "iglu:io.cloudevents/attributes/jsonschema/1-0-0"
SENT = "iglu:io.silverton/segment.sent/jsonschema/1-0-0"
REQUEST = "iglu:io.silverton.buz/request/jsonschema/1-0-0"
expected = []


def expect(uuid, protocol, schema, payload, contexts=None, partly=None, timestamp=None, valid=True):
    """`contexts`: those that must be equal; `partly`: members that a context must have, by its schema."""
    expected.append(dict(uuid=uuid, protocol=protocol, schema=schema, payload=payload, contexts=contexts or {},
                         partly=partly or {}, timestamp=timestamp, valid=valid))


def request(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, answer.headers, data


def answered(port, status, text, method, path, body=None, headers=None):
    got, _, data = request(port, method, path, body, headers)
    if got != status or (text is not None and text.encode() not in data):
        sys.exit(f"{method} {path}: expected {status} {text!r}, got {got} {data[:300]!r}")


def snowplow(port):
    from snowplow_tracker import (Emitter, PagePing, PageView, SelfDescribing, SelfDescribingJson, StructuredEvent,
                                  Subject, Tracker)
    user = [SelfDescribingJson(USER, {"name": ODD, "n": 12345678901234567890}), SelfDescribingJson(USER, {"name": "2"})]
    contexts = {USER: [json.loads(json.dumps(c.data)) for c in user]}
    subject = Subject()
    subject.set_user_id("u1").set_screen_resolution(1024, 768).set_ip_address("192.0.2.7").set_useragent(ODD)
    subject.set_domain_user_id("d1").set_viewport(100, 200).set_color_depth(24).set_timezone("Europe/Zurich").set_lang("de")
    who = {"user_id": "u1", "dvce_screenwidth": 1024, "dvce_screenheight": 768, "user_ipaddress": "192.0.2.7", "useragent": ODD,
           "domain_userid": "d1", "br_viewwidth": 100, "br_viewheight": 200, "br_colordepth": 24,
           "os_timezone": "Europe/Zurich", "br_lang": "de"}
    for method in ("post", "get"):
        for coded in (True, False):
            payloads = []
            emitter = Emitter("127.0.0.1", protocol="http", port=port, method=method, batch_size=1, on_success=payloads.extend)
            tracker = Tracker("ns", emitters=[emitter], app_id="app", encode_base64=coded)

            def track(event, name, schema, payload, more, contexts=contexts, valid=True):
                uuid = tracker.track(event)
                sent = [p for p in payloads if p["eid"] == uuid]
                if len(sent) != 1:
                    sys.exit(f"snowplow: {name} by {method} was not answered with success")
                at = moment(int(sent[0]["dtm"]))
                kept = {"event": name, "event_id": uuid, "dvce_created_tstamp": at, "app_id": "app", "platform": "pc",
                        "name_tracker": "ns", "v_tracker": "py-1.1.0", **more}
                expect(uuid, "snowplow", schema, payload, contexts, {CANONICAL: kept}, at, valid)

            ours = "iglu:io.silverton/snowplow.{}/jsonschema/1-0-0".format
            page = {"page_url": "http://x/" + ODD, "page_title": ODD, "page_referrer": "http://r/"}
            track(PageView(page_url=page["page_url"], page_title=ODD, referrer="http://r/", event_subject=subject, context=user),
                  "page_view", ours("page_view"), page, {**who, **page})
            track(PagePing(page_url="http://x/", min_x=0, max_x=10, min_y=1, max_y=20, event_subject=subject), "page_ping",
                  ours("page_ping"), {"pp_xoffset_min": 0, "pp_xoffset_max": 10, "pp_yoffset_min": 1, "pp_yoffset_max": 20},
                  who, {})
            track(StructuredEvent(category="c", action="a", label=ODD, property_="p", value=1.5, context=user), "struct",
                  ours("struct"), {"se_category": "c", "se_action": "a", "se_label": ODD, "se_property": "p", "se_value": 1.5}, {})
            order = {"total": 1.25, "note": ODD, "lines": [{"sku": "s", "n": 12345678901234567890}]}
            track(SelfDescribing(SelfDescribingJson(ORDER, order), context=user), "unstruct", ORDER, order, {})
            # What breaks its schema arrives, and says so.
            track(SelfDescribing(SelfDescribingJson(ORDER, {"total": "x"})), "unstruct", ORDER, {"total": "x"}, {}, {}, False)
            emitter.flush()


def moment(milliseconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000)) + f".{milliseconds % 1000:03d}000Z"


def cloudevents(port):
    from cloudevents.core.bindings.http import to_binary_event, to_structured_event
    from cloudevents.core.v1.event import CloudEvent
    base = {"source": "/shop", "type": "com.acme.order", "dataschema": ORDER, "subject": "s/" + ODD, "partitionkey": "k"}
    when = datetime.datetime(2026, 11, 21, 5, 21, 11, 311000, tzinfo=datetime.timezone.utc)
    for index, write in enumerate((to_structured_event, to_binary_event)):
        for kind in ("json", "bytes"):
            uuid = f"9c7d57a7-000f-44da-845e-03b4a5c6a{index}{0 if kind == 'json' else 1}1"
            attributes = {**base, "id": uuid, "time": when, "datacontenttype": "application/json"}
            order = {"total": 1.25, "note": ODD}
            payload = order
            if kind == "bytes":
                attributes.pop("dataschema")
                attributes["datacontenttype"] = "application/octet-stream"
                payload = {"data_base64": base64.b64encode(b"\x00\xff").decode()}
            message = write(CloudEvent(attributes=attributes, data=order if kind == "json" else b"\x00\xff"))
            answered(port, 200, '{"message":"ok"}', "POST", "/cloudevents", message.body, message.headers)
            kept = {**attributes, "specversion": "1.0", "time": "2026-11-21T05:21:11.311000Z"}
            schema = ORDER if kind == "json" else None
            expect(uuid, "cloudevents", schema, payload, {}, {ATTRIBUTES: {k: v for k, v in kept.items() if k != "time"}},
                   "2026-11-21T05:21:11.311000Z", valid=kind == "json")


def segment(port):
    import segment.analytics.client as module
    client = module.Client("wk", host=f"http://127.0.0.1:{port}", gzip=True, upload_size=100, upload_interval=0.2, debug=False)
    calls = [
        ("track", client.track("u1", "Ordered", {"total": 1.25, "note": ODD})), ("identify", client.identify("u1", {"email": ODD})),
        ("page", client.page("u1", "cat", "name", {"n": 1})), ("screen", client.screen("u1", "cat", "name", {"n": 1})),
        ("group", client.group("u1", "g1", {"size": 3})), ("alias", client.alias("p1", "u1")),
        ("track", client.track(anonymous_id="a1", event="Seen")),
    ]
    client.flush()
    client.join()
    for call, (success, message) in calls:
        assert success
        message = json.loads(json.dumps(message))
        expect(message["messageId"], "segment", f"iglu:io.silverton/segment.{call}/jsonschema/1-0-0", message, {}, {SENT: {}},
               message["timestamp"].replace("+00:00", "000Z"))


def amplitude(port):
    from amplitude import Amplitude, BaseEvent, EventOptions, Identify, Revenue
    client = Amplitude("KEY")
    client.configuration.server_url = f"http://127.0.0.1:{port}/2/httpapi"
    client.configuration.flush_queue_size = 1
    done = []
    client.configuration.callback = lambda event, code, message=None: done.append((event.get_event_body(), code))
    client.track(BaseEvent("click", user_id="user-1", device_id="device-1", event_properties={"n": 1.25, "note": ODD},
                           user_properties={"x": True}))
    identify = Identify()
    identify.set("plan", "pro")
    client.identify(identify, EventOptions(user_id="user-1"))
    client.revenue(Revenue(price=3.5, quantity=2), EventOptions(user_id="user-1"))
    # The answer lists its index, and the client drops it.
    client.track(BaseEvent("refused", user_id="abc"))
    client.flush()
    end = time.time() + 30
    while len(done) < 4 and time.time() < end:
        time.sleep(0.05)
    client.shutdown()
    codes = sorted(code for _, code in done)
    if codes != [200, 200, 200, 400]:
        sys.exit(f"amplitude: the callbacks' codes are {codes}")
    for body, code in done:
        body = json.loads(json.dumps(body))
        if code == 200:
            expect(body["insert_id"], "amplitude", "iglu:io.silverton/amplitude.event/jsonschema/1-0-0", body, {}, {},
                   moment(body["time"]))


def buz(port):
    """What Buz documents, as requests of our own: its answers."""
    ok, json_type = '{"message":"ok"}', {"Content-Type": "application/json"}
    events = {"Content-Type": "application/cloudevents+json"}
    schema = "io.silverton/buz/example/gettingStarted/v1.0.json"
    good, short = {"userId": 10, "name": "x", "action": "did"}, {"userId": 10, "name": "x", "activity": "did"}
    for body in ({"dataschema": schema, "data": good}, {"blah": "blee"}, {"data": good}, {"dataschema": schema, "data": short},
                 {"dataschema": schema, "data": {**good, "somethingElse": "bad"}}):
        answered(port, 200, ok, "POST", "/cloudevents", json.dumps(body), events)
    batch = {"Content-Type": "application/cloudevents-batch+json"}
    answered(port, 200, ok, "POST", "/cloudevents", json.dumps([{"dataschema": schema, "data": good}, {"blah": 1}]), batch)
    described = {"contexts": {}, "payload": {"schema": schema, "data": good}}
    answered(port, 200, ok, "POST", "/self-describing", json.dumps(described), json_type)
    answered(port, 200, ok, "POST", "/self-describing", json.dumps([described, {"payload": {"schema": schema, "data": short}}]), json_type)
    answered(port, 200, ok, "POST", "/self-describing", gzip.compress(json.dumps(described).encode()),
             {**json_type, "Content-Encoding": "gzip"})
    answered(port, 200, ok, "POST", "/webhook", json.dumps({"arbitrary": True}), json_type)
    answered(port, 200, ok, "POST", "/webhook/io.silverton/buz/example/gettingStarted/v1.0", json.dumps(good), json_type)
    answered(port, 200, ok, "POST", "/webhook/" + schema, json.dumps([good, short]), json_type)
    for path in ("/pixel?a=1", "/pixel/" + schema + "?userId=10", "/pixel?hbp=" + base64.b64encode(b'{"a":1}').decode().strip("=")):
        status, headers, body = request(port, "GET", path)
        if status != 200 or headers["Content-Type"] != "image/png" or not body.startswith(b"\x89PNG"):
            sys.exit(f"GET {path}: {status} {headers['Content-Type']}")
    # The dry run shows the verdict and keeps nothing.
    for path, body, headers, valid in (("/squawkbox/cloudevents", {"dataschema": schema, "data": short}, events, b"false"),
                                ("/squawkbox/self-describing", {"payload": {"schema": schema, "data": short}}, json_type, b"false"),
                                ("/squawkbox/self-describing", described, json_type, b"true"),
                                ("/squawkbox/webhook/" + schema, short, json_type, b"false"),
                                ("/squawkbox/webhook/" + schema, good, json_type, b"true")):
        status, _, data = request(port, "POST", path, json.dumps(body), headers)
        if status != 200 or b'"isValid":' + valid not in data.replace(b" ", b""):
            sys.exit(f"{path}: {status} {data[:300]!r}")


def compare(expected_file, files):
    wanted = json.load(open(expected_file), parse_float=str, parse_int=str)
    found = {}
    for name in files:
        for line in open(name, encoding="utf-8"):
            event = json.loads(line, parse_float=str, parse_int=str)
            found.setdefault(event["uuid"], []).append(event)
    faults = []
    for event in wanted:
        def fault(what, want, got):
            faults.append(f"{event['protocol']} {event['uuid']}: {what}: expected {json.dumps(want)[:400]}, got {json.dumps(got)[:400]}")
        got = found.get(event["uuid"], [])
        if len(got) != 1:
            fault("occurrences", 1, len(got))
            continue
        got = got[0]
        if got["isValid"] != event["valid"]:
            fault("isValid", event["valid"], [got["isValid"], got.get("validationError")])
        for field in ("protocol", "payload"):
            if got[field] != event[field]:
                fault(field, event[field], got[field])
        if event["schema"] and got["schema"] != event["schema"]:
            fault("schema", event["schema"], got["schema"])
        if event["timestamp"] and got["timestamp"] != event["timestamp"]:
            fault("timestamp", event["timestamp"], got["timestamp"])
        for schema, data in event["contexts"].items():
            if got["contexts"].get(schema) != data:
                fault(f"context {schema}", data, got["contexts"].get(schema))
        for schema, members in event["partly"].items():
            context = got["contexts"].get(schema)
            if context is None:
                fault(f"context {schema}", members, None)
                continue
            for name, value in members.items():
                if context.get(name) != value:
                    fault(f"context {schema}, {name}", value, context.get(name))
        for schema in got["contexts"]:
            if schema not in event["contexts"] and schema not in event["partly"] and schema not in (CANONICAL, REQUEST, ATTRIBUTES):
                fault("an unexpected context", None, schema)
    print(f"{len(wanted)} events compared, {len(faults)} faults")
    for line in faults:
        print(line)
    return 1 if faults else 0


if sys.argv[1] == "send":
    port = int(sys.argv[2])
    for send in (snowplow, cloudevents, segment, amplitude, buz):
        send(port)
    json.dump(expected, open(sys.argv[3], "w"))
    print(f"{len(expected)} events expected")
else:
    sys.exit(compare(sys.argv[2], sys.argv[3:]))
