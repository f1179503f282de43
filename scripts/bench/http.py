#!/usr/bin/env python3
"""Measures the collector against nginx that answers 204, each on one core, wrk on the other: requests and events a second as ratios.

In short slices, nginx before and after each, as its rate has two levels on virtual machines: while wrk never sleeps, and while each answer
has to wake it (an interrupt of another core costs much there). It flips from one to the other within a run. Prints medians of the slices'
ratios and their range. Only ratios within one run say anything."""
import argparse
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def event():
    with open(os.path.join(HERE, "http-event.json")) as f:
        data = f.read().strip()
    return '{"payload":{"schema":"iglu:com.acme.orders/change/jsonschema/1-0-0","data":%s}}' % data


def wrk(port, path, body_file, connections, seconds, scheme="http"):
    """Requests a second, p50 and p99 in milliseconds, errors."""
    command = ["taskset", "-c", "0", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s",
               os.path.join(HERE, "post.lua"), f"{scheme}://127.0.0.1:{port}{path}"]
    out = subprocess.run(command, env=dict(os.environ, EVENT=body_file), capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))

    def latency(p):
        value, unit = re.search(rf"{p}%\s+([\d.]+)(us|ms|s)", out).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: (.*)", out)
    return rate, latency(50), latency(99), int(bad.group(1)) if bad else 0, broken.group(1) if broken else ""


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024


def children(pid):
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [int(p) for p in out] or [pid]


def start_nginx(folder):
    port = free_port()
    with open(f"{folder}/nginx.conf", "w") as f:
        f.write(f"worker_processes 1; error_log {folder}/nginx.log; pid {folder}/nginx.pid; daemon off;\n"
                "events { worker_connections 4096; }\n"
                f"http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;\n"
                f"proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
                f"server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }} }}\n")
    process = subprocess.Popen(["taskset", "-c", "1", "nginx", "-c", f"{folder}/nginx.conf", "-p", folder],
                               stderr=subprocess.DEVNULL)
    wait_port(port)
    return process, port


def start_collector(binary, folder, acknowledge, limits={}, tls={}):
    port = free_port()
    registry = f"{folder}/schemas/com.acme.orders/change/jsonschema"
    os.makedirs(registry, exist_ok=True)
    shutil.copy(os.path.join(HERE, "http-event-schema.json"), f"{registry}/1-0-0")
    state = tempfile.mkdtemp(prefix="state", dir=folder)
    with open(f"{folder}/{acknowledge}.yaml", "w") as f:
        json.dump({
            "app": {"stateDir": state, "logLevel": "warning"},
            "inputs": {"selfDescribing": {"enabled": True}},
            "http": {"port": port, "acknowledge": acknowledge, "limits": {"eventsPerRequest": 100000, **limits}, **({"tls": tls} if tls else {})},
            "operations": {"port": free_port() if tls else port},
            "registry": {"backend": {"type": "file", "path": f"{folder}/schemas"}},
            "sinks": [{"name": "none", "type": "blackhole"}],
        }, f)
    process = subprocess.Popen(["taskset", "-c", "1", binary, "run", "--config", f"{folder}/{acknowledge}.yaml"])
    wait_port(port)
    return process, port


def metrics(port):
    out = subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/metrics"], capture_output=True, text=True).stdout
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in out.splitlines() if not line.startswith("#")}


def metric(port, name):
    return sum(value for key, value in metrics(port).items() if key.startswith(name))


def refusals(before, after):
    """What was answered beside 2xx in between: classes of status, and the reasons of 503."""
    found = []
    for key, value in sorted(after.items()):
        if key.startswith(("buz_http_requests_total", "buz_http_unavailable_total")) and value > before.get(key, 0):
            label = re.search(r'(?:status|reason)="([^"]+)"', key).group(1)
            if label != "2xx":
                found.append(f"{label}: {value - before.get(key, 0):.0f}")
    return ", ".join(found)


def soak(binary, folder, bodies, events):
    """Posts so many events, one a request and a hundred, and prints what memory the collector has as they go."""
    for name, body, each in bodies:
        process, port = start_collector(binary, folder, "durable")
        try:
            print(f"{name}: events and MB of memory", flush=True)
            taken, shown = 0, -1
            while taken < events:
                wrk(port, "/self-describing", body, 64 if each == 1 else 16, 5)
                taken = metric(port, "buz_http_events_total")
                if int(taken * 10 / events) > shown:
                    shown = int(taken * 10 / events)
                    print(f"  {taken:>12.0f} {memory(process.pid):>6.0f}", flush=True)
        finally:
            process.terminate()
            process.wait()


def idle(binary, folder, count):
    """Holds so many connections, as far as the system allows, and measures what one costs and how requests fare beside them."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 2000, count + 2000))
    except (ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = min(count, hard - 2000)
        print(f"the system's limit of open files leaves {count} connections")
    process, port = start_collector(binary, folder, "durable", {"connections": count + 1000, "idleTimeout": "1h", "headTimeout": "10m"})
    try:
        body = f"{folder}/single.json"
        before = wrk(port, "/self-describing", body, 8, 3)
        start = memory(process.pid)
        held = []
        begin = time.time()
        for number in range(count):
            client = socket.socket()
            # A source address has ports for 28,000 connections; which one is free is found when it connects.
            client.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            client.bind((f"127.0.{number // 10000}.2", 0))
            client.connect(("127.0.0.1", port))
            held.append(client)
        took = time.time() - begin
        end = time.time() + 60
        while metrics(port).get("buz_http_connections", 0) < count and time.time() < end:
            time.sleep(0.2)
        idle_memory = memory(process.pid)
        cpu_before = cpu(process.pid)
        time.sleep(10)
        spent = (cpu(process.pid) - cpu_before) / 10
        after = wrk(port, "/self-describing", body, 8, 3)
        print(f"{count} idle connections, made in {took:.0f} s: {(idle_memory - start) * 1024 / count:.1f} KB of memory each, "
              f"{spent * 100:.1f} % of a core")
        print(f"requests beside them: {after[0] / before[0]:.2f} of the rate without, p50 {after[1]:.2f} ms (before {before[1]:.2f})")
    finally:
        process.terminate()
        process.wait()


def measure(name, floor, slices, pid, port, path, body, connections, seconds, each=1, scheme="http"):
    """Measures in slices, the floor before and after each one. Answers a row of medians."""
    wrk(port, path, body, connections, 2, scheme)
    ratios, results, spent, faults = [], [], [], []
    before_floor = floor()
    for _ in range(slices):
        cpu_before, before = cpu(pid), metrics(port) if scheme == "http" else {}
        result = wrk(port, path, body, connections, seconds, scheme)
        spent.append((cpu(pid) - cpu_before) / (result[0] * seconds) * 1e6)
        faults.append(f"{result[4]} {refusals(before, metrics(port)) if scheme == 'http' else ''}".strip())
        after_floor = floor()
        ratios.append(result[0] * each / ((before_floor + after_floor) / 2))
        results.append(result)
        before_floor = after_floor
    middle = lambda values: statistics.median(values)
    return (name, middle([r[0] for r in results]) * each, middle(ratios), min(ratios), max(ratios), middle(spent),
            middle([r[1] for r in results]), middle([r[2] for r in results]), sum(r[3] for r in results), memory(pid),
            "; ".join(sorted(set(filter(None, faults)))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each slice")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7, help="slices of each measurement")
    parser.add_argument("--events", type=int, help="instead: post so many, and print the memory as they go")
    parser.add_argument("--idle", type=int, help="instead: hold so many connections, and measure what they cost")
    options = parser.parse_args()
    binary = os.environ["BUZ_BINARY"]
    folder = tempfile.mkdtemp(prefix="buz-http-")
    os.chmod(folder, 0o755)
    single, batch = f"{folder}/single.json", f"{folder}/batch.json"
    with open(single, "w") as f:
        f.write(event())
    with open(batch, "w") as f:
        f.write("[" + ",".join([event()] * 100) + "]")
    rows, floors = [], []
    nginx = None
    try:
        if options.events:
            return soak(binary, folder, [("one a request", single, 1), ("100 a request", batch, 100)], options.events)
        if options.idle:
            return idle(binary, folder, options.idle)
        nginx, nginx_port = start_nginx(folder)
        worker = children(nginx.pid)[0]
        wrk(nginx_port, "/", single, options.connections, 1)

        def floor():
            before = cpu(worker)
            result = wrk(nginx_port, "/", single, options.connections, options.seconds)
            floors.append((*result, (cpu(worker) - before) / (result[0] * options.seconds) * 1e6))
            return result[0]

        certificate = {"certificateFile": f"{folder}/tls.pem", "keyFile": f"{folder}/tls.key"}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                        "/CN=localhost", "-keyout", certificate["keyFile"], "-out", certificate["certificateFile"]], check=True, capture_output=True)
        for acknowledge, tls in [("received", {}), ("durable", {}), ("received", certificate)]:
            process, port = start_collector(binary, folder, acknowledge, tls=tls)

            def slices(name, body, connections, **more):
                rows.append(measure(name, floor, options.repeats, process.pid, port, "/self-describing", body, connections, options.seconds, **more))
            try:
                if tls:
                    slices("received, TLS", single, options.connections, scheme="https")
                    continue
                slices(acknowledge, single, options.connections)
                if metric(port, "buz_events_invalid_total") > 0:
                    raise SystemExit("events were invalid: the benchmark measures the wrong thing")
                slices(f"{acknowledge}, 100 a request", batch, min(16, options.connections), each=100)
            finally:
                process.terminate()
                process.wait()
    finally:
        if nginx:
            nginx.terminate()
            nginx.wait()
        shutil.rmtree(folder, ignore_errors=True)
    rates = [f[0] for f in floors]
    print(f"nginx 204: {statistics.median(rates):.0f} requests/s ({min(rates):.0f} to {max(rates):.0f}), "
          f"{statistics.median([f[5] for f in floors]):.1f} µs of the processor each, p50 {statistics.median([f[1] for f in floors]):.2f} ms")
    print(f"{'collector':<26} {'events/s':>10} {'ratio':>6} {'range':>11} {'µs CPU':>7} {'p50 ms':>8} {'p99 ms':>8} {'errors':>7} {'MB':>6}")
    for name, rate, ratio, least, most, spent, p50, p99, bad, resident, faults in rows:
        print(f"{name:<26} {rate:>10.0f} {ratio:>6.2f} {least:>5.2f}-{most:>5.2f} {spent:>7.1f} {p50:>8.2f} {p99:>8.2f} {bad:>7} {resident:>6.0f} {faults}")


if __name__ == "__main__":
    sys.exit(main())
