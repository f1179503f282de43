#!/usr/bin/env python3
"""Measures what a flood of collected events costs the changes of Postgres that go through the same sink.

For each kind of flood: how long one transaction of many rows takes from its commit to its acknowledgement, and how long a single row takes from
its commit to its line in the file. Three cases alternate: no flood; the flood comes to another buz-cdc, which takes as much of the machine but shares nothing else
("elsewhere"); it comes to the same one ("here"). What sharing a process and a lane costs is here/elsewhere. Only ratios within one run
say anything."""
import argparse
import glob
import json
import os
import pwd
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    """A Postgres of the measurement's own."""

    def __init__(self, folder):
        candidates = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[-2]))
        self.bin, self.folder, self.port, self.user = os.environ.get("PGBIN") or candidates[-1], folder, free_port(), []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            self.user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "env", "HOME=/tmp"]
        self.run("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8")
        self.run("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-o",
                 f"-p {self.port} -k {folder} -c listen_addresses=127.0.0.1 -c wal_level=logical -c autovacuum=off", "start")

    def run(self, tool, *arguments):
        subprocess.run(self.user + [f"{self.bin}/{tool}", *arguments], check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def connect(self):
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname="postgres")
        connection.autocommit = True
        return connection

    def sql(self, text):
        connection = self.connect()
        connection.cursor().execute(text)
        connection.close()


def event(valid):
    with open(os.path.join(HERE, "http-event.json")) as f:
        data = f.read().strip()
    name = "iglu:com.acme.orders/change/jsonschema/1-0-0" if valid else "iglu:com.acme.orders/missing/jsonschema/1-0-0"
    return '{"payload":{"schema":"%s","data":%s}}' % (name, data)


class Sidecar:
    def __init__(self, binary, folder, name, cluster, dead_letters):
        self.out, self.port, self.seen, self.rest = f"{folder}/{name}-out", free_port(), {}, b""
        registry = f"{folder}/schemas/com.acme.orders/change/jsonschema"
        os.makedirs(registry, exist_ok=True)
        os.makedirs(self.out)
        shutil.copy(os.path.join(HERE, "http-event-schema.json"), f"{registry}/1-0-0")
        config = {
            "app": {"stateDir": f"{folder}/{name}-state", "logLevel": "warning"},
            "inputs": {"selfDescribing": {"enabled": True}},
            "operations": {"port": self.port},
            "http": {"port": self.port, "acknowledge": os.environ.get("ACKNOWLEDGE", "durable")},
            "registry": {"backend": {"type": "file", "path": f"{folder}/schemas"}},
            "sinks": [{"name": "lake", "type": "file", "path": self.out, **({"deadletters": {"maxBytes": "64MiB"}} if dead_letters else {"deadletterOutput": "invalid"})}],
        }
        if cluster:
            config["inputs"]["postgres"] = [{
                "name": "shop", "url": f"postgres://postgres@127.0.0.1:{cluster.port}/postgres", "slot": "beside", "publication": "beside",
                "tables": ["public.item"], "snapshot": "never"}]
        with open(f"{folder}/{name}.yaml", "w") as f:
            json.dump(config, f)
        self.process = subprocess.Popen([binary, "run", "--config", f"{folder}/{name}.yaml"])

    def metric(self, name):
        out = subprocess.run(["curl", "-s", f"http://127.0.0.1:{self.port}/metrics"], capture_output=True, text=True).stdout
        return sum(float(line.rsplit(" ", 1)[1]) for line in out.splitlines() if line.startswith(name))

    def changes(self):
        """Changes that came into the file since the last call."""
        count = 0
        for name in sorted(os.listdir(self.out)):
            if not name.startswith("events"):
                continue
            with open(f"{self.out}/{name}", "rb") as f:
                f.seek(self.seen.get(name, 0))
                while block := f.read(1 << 20):
                    self.seen[name] = f.tell()
                    # A marker that lies across two blocks is found with the end of the one before.
                    block = self.rest + block
                    count += block.count(MARK)
                    cut = block.rfind(MARK)
                    self.rest = block[max(cut + len(MARK) if cut >= 0 else 0, len(block) - len(MARK) + 1):]
        return count

    def stop(self):
        self.process.terminate()
        self.process.wait()


MARK = b'"protocol":"cdc"'


def wait(sidecar, count, seconds=120):
    end, found = time.time() + seconds, 0
    while found < count:
        found += sidecar.changes()
        if time.time() > end:
            raise SystemExit(f"{found} of {count} changes came in {seconds} s")
        time.sleep(0.001)


def acknowledged(cursor, position, seconds=120):
    """Waits until the sink has everything before a position, durable: reading the file would cost as much as writing it."""
    end = time.time() + seconds
    while True:
        cursor.execute("select confirmed_flush_lsn >= %s from pg_replication_slots where slot_name = 'beside'", (position,))
        if cursor.fetchone()[0]:
            return
        if time.time() > end:
            raise SystemExit(f"the changes were not acknowledged in {seconds} s")
        time.sleep(0.005)


def flood(port, body, connections):
    return subprocess.Popen(["wrk", "-t1", f"-c{connections}", "-d600s", "-s", os.path.join(HERE, "post.lua"),
                             f"http://127.0.0.1:{port}/self-describing"], env=dict(os.environ, EVENT=body), stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--single", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--kinds", default="valid,invalid,letters")
    options = parser.parse_args()
    binary = os.environ["BUZ_BINARY"]
    folder = tempfile.mkdtemp(prefix="buz-beside-")
    os.chmod(folder, 0o755)
    os.mkdir(f"{folder}/pg")
    cluster = Cluster(f"{folder}/pg")
    print(f"{'flood':<10} {'case':<10} {'s':>6} {'range':>13} {'ratio':>6} {'row ms':>7} {'p95':>7} {'flood events/s':>15} {'waiting MB':>11}", flush=True)
    try:
        cluster.sql("create table item (id bigint generated always as identity, batch int, note text)")
        for kind in options.kinds.split(","):
            body = f"{folder}/{kind}.json"
            with open(body, "w") as f:
                f.write("[" + ",".join([event(kind == "valid")] * 100) + "]")
            shared = Sidecar(binary, folder, f"{kind}-here", cluster, kind == "letters")
            other = Sidecar(binary, folder, f"{kind}-elsewhere", None, kind == "letters")
            try:
                time.sleep(3)
                cluster.sql("insert into item (batch, note) values (0, 'first')")
                wait(shared, 1)
                times, singles, rates = {}, {}, {}
                for _ in range(options.repeats):
                    for case, target in [("none", None), ("elsewhere", other), ("here", shared)]:
                        client = flood(target.port, body, options.connections) if target else None
                        time.sleep(1.5)
                        before, began = target.metric("buz_http_events_total") if target else 0, time.time()
                        connection = cluster.connect()
                        connection.autocommit = False
                        cursor = connection.cursor()
                        cursor.execute(f"insert into item (batch, note) select 1, 'a note of some length, for a row' from generate_series(1, {options.rows})")
                        start = time.time()
                        connection.commit()
                        connection.autocommit = True
                        cursor.execute("select pg_current_wal_lsn()")
                        acknowledged(cursor, cursor.fetchone()[0])
                        times.setdefault(case, []).append(time.time() - start)
                        shared.changes()
                        for _ in range(options.single):
                            cursor.execute("insert into item (batch, note) values (2, 'one')")
                            start = time.time()
                            wait(shared, 1)
                            singles.setdefault(case, []).append((time.time() - start) * 1000)
                            time.sleep(0.01)
                        connection.close()
                        if client:
                            rates.setdefault(case, []).append((target.metric("buz_http_events_total") - before) / (time.time() - began))
                            waiting = target.metric("buz_spool_unacknowledged_bytes") / 1e6
                            client.terminate()
                            client.wait()
                            # Where dead letters are full the rest stays in the spool.
                            end = time.time() + (0 if kind == "letters" else 120)
                            while target.metric("buz_spool_unacknowledged_bytes") > 0 and time.time() < end:
                                time.sleep(0.2)
                            rates.setdefault(case + "waiting", []).append(waiting)
                            shared.changes()
                for case, found in times.items():
                    print(f"{kind:<10} {case:<10} {statistics.median(found):>6.2f} {min(found):>6.2f}-{max(found):>6.2f} "
                          f"{statistics.median(found) / statistics.median(times['none']):>6.2f} {statistics.median(singles[case]):>7.1f} "
                          f"{sorted(singles[case])[int(len(singles[case]) * 0.95)]:>7.1f} {statistics.median(rates.get(case, [0])):>15.0f} "
                          f"{statistics.median(rates.get(case + 'waiting', [0])):>11.1f}", flush=True)
            finally:
                shared.stop()
                other.stop()
                cluster.sql("select pg_drop_replication_slot('beside')")
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
