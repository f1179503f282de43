#!/usr/bin/env python3
"""Measures each destination beside the sink blackhole, in one run: changes a second as ratios, what bounds them, and memory while the
destination hangs; then mirrors a table of a million rows and lets `verify` find one changed cell. See scripts/bench.sh.

Destinations run on loopback: servers of their own kind where they can be had, else emulators, whose rates say little of the real
service (marked by a star). Only ratios within one run say anything.
"""
import os, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.remove(HERE)  # http.py beside this one is not the library's
import argparse, json, pwd, shutil, signal, sqlite3, subprocess, tempfile, time, urllib.request

sys.path.append(HERE)
from bench import Cluster, HZ, fail, free_port, fresh_slot, generate, prepare

ROOT = os.path.dirname(os.path.dirname(HERE))
SERVERS = f"{ROOT}/Tests/TestServers/Emulators"
CACHE = "/var/cache/buz-cdc" if os.geteuid() == 0 else os.path.join(os.environ.get("XDG_CACHE_HOME") or f"{os.environ['HOME']}/.cache", "buz-cdc")
ROW = 654321  # the one that is changed for `verify`


def post(url, body, headers={}, method="POST"):
    request = urllib.request.Request(url, body.encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=600) as answer:
        return answer.read().decode()


def eventually(what, holds, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.1)
    fail(f"{what}: not within {seconds} s")


def tree(pid):
    """A process and all below it."""
    found = [pid]
    try:
        for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
            found += tree(int(child))
    except OSError:
        pass
    return found


def cpu(pids):
    total = 0
    for pid in pids:
        try:
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])
        except OSError:
            pass
    return total / HZ


class Destination:
    """One place that sinks write to. `sink(mode)`: keys of the configuration; `change(row)`: another value in one cell of a mirror."""

    name, star, pid = "", "", None
    modes = ["events", "mirror"]

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(prefix=self.name, dir=folder)
        os.chmod(self.folder, 0o755)

    def spawn(self, *command, user=[], **environment):
        self.log = open(f"{self.folder}/log", "w")
        self.process = subprocess.Popen([*user, *command], stdout=self.log, stderr=self.log, env=dict(os.environ, **environment))
        self.pid = self.process.pid

    def pids(self):
        return tree(self.pid) if self.pid else []

    def stop(self):
        if self.pid:
            for pid in reversed(self.pids()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            self.process.wait()


class Blackhole(Destination):
    name = "blackhole"

    def sink(self, mode):
        return {"type": "blackhole"}


class SQLite(Destination):
    name = "sqlite"

    def sink(self, mode):
        return {"type": "sqlite", "mode": mode, "path": f"{self.folder}/{mode}.db"}

    def change(self):
        connection = sqlite3.connect(f"{self.folder}/mirror.db", timeout=60)
        names = [n for (n,) in connection.execute("select name from sqlite_master where type = 'table' and name like '%orders_snap'")]
        connection.execute(f'update "{names[0]}" set note = \'changed\' where id = {ROW}')
        connection.commit()


class DuckDB(Destination):
    name = "duckdb"

    def sink(self, mode):
        library = f"{os.environ.get('BUZ_DUCKDB', CACHE + '/duckdb')}/2.0.0/libduckdb.so"
        return {"type": "duckdb", "mode": mode, "path": f"{self.folder}/{mode}.duckdb", "library": library}

    def change(self):
        python = f"{os.environ.get('BUZ_SNOWFLAKE', CACHE + '/snowflake')}/bin/python"
        script = f"import duckdb; duckdb.connect('{self.folder}/mirror.duckdb').execute(\"update orders_snap set note = 'changed' where id = {ROW}\")"
        subprocess.run([python, "-c", script], check=True)


class Postgres(Destination):
    name = "postgres"

    def __init__(self, folder):
        super().__init__(folder)
        self.cluster = Cluster(self.folder)
        self.pid = self.cluster.pid
        self.cluster.sql("create database events", "postgres")
        self.cluster.sql("create database mirror", "postgres")

    def sink(self, mode):
        return {"type": "postgres", "mode": mode, "url": f"postgres://postgres@127.0.0.1:{self.cluster.port}/{mode}"}

    def change(self):
        self.cluster.sql(f"update orders_snap set note = 'changed' where id = {ROW}", "mirror")

    def stop(self):
        self.cluster.stop()


class MySQL(Destination):
    """MariaDB."""

    name = "mysql"

    def __init__(self, folder):
        super().__init__(folder)
        user, self.port = [], free_port()
        if os.geteuid() == 0:
            account = pwd.getpwnam("mysql")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        data = ["--no-defaults", f"--datadir={self.folder}/data", f"--tmpdir={self.folder}", "--skip-name-resolve"]
        subprocess.run([*user, "mariadb-install-db", *data, "--auth-root-authentication-method=normal", "--skip-test-db"],
                       check=True, stdout=subprocess.DEVNULL)
        self.spawn(*user, "/usr/sbin/mariadbd", *data, f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.folder}/s",
                   "--skip-log-bin", "--innodb-buffer-pool-size=512M")
        eventually("mariadbd", lambda: self.sql("SELECT 1") == 0)
        for mode in ["events", "mirror"]:
            self.sql(f"CREATE DATABASE {mode}; CREATE USER {mode}@'127.0.0.1' IDENTIFIED BY 'x'; GRANT ALL ON {mode}.* TO {mode}@'127.0.0.1'")

    def sql(self, text):
        return subprocess.run(["mariadb", "--no-defaults", f"--socket={self.folder}/s", "--user=root", "-e", text], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode

    def sink(self, mode):
        return {"type": "mysql", "mode": mode, "url": f"mysql://{mode}:x@127.0.0.1:{self.port}/{mode}"}

    def change(self):
        if self.sql(f"UPDATE mirror.orders_snap SET note = 'changed' WHERE id = {ROW}") != 0:
            fail("mysql: the cell was not changed")


class ClickHouse(Destination):
    name = "clickhouse"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        self.spawn(f"{os.environ.get('BUZ_CLICKHOUSE', CACHE + '/clickhouse')}/bin/python", f"{ROOT}/Tests/Servers/clickhouse.py",
                   str(self.port), f"{self.folder}/data", "buz", "secret")
        eventually("clickhouse", lambda: self.ask("SELECT 1"))
        for mode in ["events", "mirror"]:
            self.ask(f"CREATE DATABASE {mode} ENGINE = Atomic")

    def ask(self, sql):
        return post(f"http://127.0.0.1:{self.port}/", sql)

    def sink(self, mode):
        return {"type": "clickhouse", "mode": mode, "url": f"http://127.0.0.1:{self.port}", "user": "buz", "password": "secret", "database": mode}

    def change(self):
        self.ask(f"ALTER TABLE mirror.orders_snap UPDATE note = 'changed' WHERE id = {ROW} SETTINGS mutations_sync = 2")


class BigQuery(Destination):
    name, star = "bigquery", "*"
    modes = ["events", "events, write: committed", "mirror"]

    def __init__(self, folder):
        super().__init__(folder)
        self.port, self.storage = free_port(), free_port()
        self.spawn(f"{os.environ.get('BUZ_BIGQUERY', CACHE + '/bigquery')}/bin/python", f"{SERVERS}/bigquery.py", str(self.port),
                   str(self.storage), f"{self.folder}/data")
        eventually("bigquery", lambda: urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_seen", timeout=5))
        for mode in ["events", "mirror"]:
            self.call("datasets", {"datasetReference": {"projectId": "test-project", "datasetId": mode}})

    def call(self, path, body):
        return post(f"http://127.0.0.1:{self.port}/bigquery/v2/projects/test-project/{path}", json.dumps(body), {"content-type": "application/json"})

    def sink(self, mode):
        mode, *committed = mode.split(", ")
        write = {"write": "committed", "defaultOutput": "committed"} if committed else {}
        return {"type": "bigquery", "mode": mode, **write, "project": "test-project", "dataset": mode, "credentials": "anonymous",
                "endpoint": f"http://127.0.0.1:{self.port}", "storageEndpoint": f"http://127.0.0.1:{self.storage}"}

    def change(self):
        self.call("queries", {"query": f"UPDATE mirror.orders_snap SET note = 'changed' WHERE id = {ROW}", "useLegacySql": False})


class Snowflake(Destination):
    name, star = "snowflake", "*"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        self.spawn(f"{os.environ.get('BUZ_SNOWFLAKE', CACHE + '/snowflake')}/bin/python", f"{SERVERS}/snowflake_emulator.py", "--port",
                   str(self.port), "--data-dir", f"{self.folder}/data", PYTHONWARNINGS="ignore")
        eventually("snowflake", lambda: urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_control/health", timeout=5))
        with open(f"{self.folder}/token", "w") as f:
            f.write("any")

    def sink(self, mode):
        return {"type": "snowflake", "mode": mode, "account": "org-acct", "url": f"http://127.0.0.1:{self.port}", "user": "BUZ",
                "signIn": "programmatic", "tokenFile": f"{self.folder}/token", "database": mode.upper()}

    def change(self):
        statement = f"UPDATE ORDERS_SNAP SET NOTE = 'changed' WHERE ID = {ROW}"
        post(f"http://127.0.0.1:{self.port}/api/v2/statements", json.dumps({"statement": statement, "database": "MIRROR", "schema": "PUBLIC"}),
             {"content-type": "application/json", "Authorization": "Bearer any"})


class Emulated:
    """A Postgres behind a proxy that refuses what a service refuses: Tests/Servers/NAME.py."""

    def start(self, database, like=""):
        self.cluster, self.port = Cluster(self.folder), free_port()
        for mode in ["events", "mirror"]:
            self.cluster.sql(f"create database {mode} {like}", "postgres")
            self.cluster.sql(open(f"{ROOT}/Tests/Servers/{self.name}.sql").read(), mode)
            for setting in database:
                self.cluster.sql(f"alter database {mode} set {setting}", "postgres")
        self.spawn(sys.executable, f"{ROOT}/Tests/Servers/{self.name}.py", str(self.port), str(self.cluster.port), f"{self.folder}/statements")
        time.sleep(1)

    def pids(self):
        return tree(self.pid) + tree(self.cluster.pid)

    def sink(self, mode):
        return {"type": self.name, "mode": mode, "url": f"postgres://postgres@127.0.0.1:{self.port}/{mode}?sslmode=disable"}

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.cluster.stop()


class Redshift(Emulated, Destination):
    name, star = "redshift", "*"

    def __init__(self, folder):
        super().__init__(folder)
        self.start(["standard_conforming_strings = off", "escape_string_warning = off", "default_transaction_isolation = 'serializable'",
                    "search_path = public, emulator, pg_catalog"], "template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'")

    def change(self):
        self.cluster.sql(f"update orders_snap set note = 'changed' where id = {ROW}", "mirror")


class Materialize(Emulated, Destination):
    name, star = "materialize", "*"

    def __init__(self, folder):
        super().__init__(folder)
        self.start([])

    def change(self):
        self.cluster.sql(f"""update buz_cdc."public.orders_snap.1" set note = 'changed' where id = {ROW}""", "mirror")


class Runner:
    def __init__(self, source, folder):
        self.source, self.folder, self.binary = source, folder, os.environ["BUZ_BINARY"]

    def config(self, sink, table, slot, snapshot):
        state = tempfile.mkdtemp(prefix="state", dir=self.folder)
        path = f"{state}/buz.yaml"
        self.operations = free_port()
        with open(path, "w") as f:
            json.dump({
                "version": 1, "app": {"name": "bench", "env": "bench", "stateDir": f"{state}/state", "logLevel": "warning"},
                "inputs": {"postgres": [{"name": "perf", "url": f"postgres://postgres@127.0.0.1:{self.source.port}/perf", "slot": slot,
                                         "publication": f"pub_{table}", "tables": [f"public.{table}"], "snapshot": snapshot}]},
                "operations": {"port": self.operations}, "sinks": [{"name": "out", **sink}]}, f)
        return path

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.operations}/metrics", timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name):
                    return float(line.rsplit(" ", 1)[1])
        return 0

    def empty(self, destination, sink, path, hangs_for=0):
        """Runs until everything is delivered. Answers (seconds, CPU of buz-cdc, CPU of the destination, MB of memory, events)."""
        errors = open(f"{path}.errors", "w")
        start, before = time.time(), cpu(destination.pids())
        process = subprocess.Popen([self.binary, "run", "--config", path, "--until-idle", "1"], stderr=errors, stdout=subprocess.DEVNULL)
        delivered = 0
        if hangs_for:
            eventually(f"{destination.name} takes nothing", lambda: self.metric("buz_sink_events_total") > 0)
            stopped = destination.pids()
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(hangs_for)
            delivered = self.metric("buz_sink_events_total")
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        seconds = time.time() - start - 1
        if status != 0:
            fail(f"{destination.name}: exit {os.waitstatus_to_exitcode(status)}: {open(f'{path}.errors').read()[-2000:]}")
        return seconds, usage.ru_utime + usage.ru_stime, cpu(destination.pids()) - before, usage.ru_maxrss / 1024, delivered

    def verify(self, path):
        """Exit code, seconds, MB, and what is printed. The instance runs meanwhile."""
        instance = subprocess.Popen([self.binary, "run", "--config", path], stderr=open(f"{path}.errors", "a"), stdout=subprocess.DEVNULL)
        try:
            eventually("the instance is not ready", lambda: urllib.request.urlopen(f"http://127.0.0.1:{self.operations}/health/ready", timeout=5))
            start = time.time()
            process = subprocess.Popen([self.binary, "verify", "--config", path, "--load", "100"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            return os.waitstatus_to_exitcode(status), time.time() - start, usage.ru_maxrss / 1024, output
        finally:
            instance.send_signal(signal.SIGTERM)
            instance.wait(timeout=60)


def bound(seconds, own, other):
    if other > 0.7 * seconds:
        return "destination's CPU"
    if own > 0.7 * seconds:
        return "CPU of buz-cdc"
    return "waiting for the destination"


def main():
    kinds = {k.name: k for k in Destination.__subclasses__()}
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the table that is verified; 0: leave that out. At most a million")
    parser.add_argument("--hang", type=int, default=10, help="seconds for which each destination is stopped; 0: leave that out")
    parser.add_argument("--sinks", default=",".join(k for k in kinds if k != "blackhole"))
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="buz-sinks")
    os.chmod(folder, 0o755)
    at_source = tempfile.mkdtemp(prefix="source", dir=folder)
    os.chmod(at_source, 0o755)
    source = Cluster(at_source)
    made = []
    try:
        prepare(source)
        source.sql(f"create publication pub_orders for table orders; delete from orders_snap where id > {options.rows};"
                   "create publication pub_orders_snap for table orders_snap")
        changes, _ = generate(source, options.changes, "big")
        runner = Runner(source, folder)
        print(f"{changes} changes in transactions of 10,000, {os.cpu_count()} cores; *: an emulator\n")
        print("| sink | mode | ratio to blackhole | CPU of buz-cdc, s/million | CPU of the destination, s/million | bounded by | memory, MB | memory while it hangs, MB |")
        print("|---|---|---|---|---|---|---|---|", flush=True)

        def run(destination, mode, hang=0):
            fresh_slot(source, "big")
            sink = destination.sink(mode)
            return runner.empty(destination, sink, runner.config(sink, "orders", "run_slot", "never"), hang)

        nothing = Blackhole(folder)
        floor = sorted(run(nothing, "")[0] for _ in range(3))[1]
        for name in options.sinks.split(","):
            destination = kinds[name](folder)
            made.append(destination)
            for mode in destination.modes:
                seconds, own, other, memory, _ = run(destination, mode)
                hung = f"{run(destination, mode, options.hang)[3]:.0f}" if options.hang and destination.pid else ""
                million = 1e6 / changes
                print(f"| {name}{destination.star} | {mode} | {floor / seconds:.3f} | {own * million:.1f} | {other * million:.1f} | "
                      f"{bound(seconds, own, other)} | {memory:.0f} | {hung} |", flush=True)
            if options.rows:
                slot = f"snap_{name}"
                path = runner.config(destination.sink("mirror"), "orders_snap", slot, "initial")
                seconds, _, _, memory, _ = runner.empty(destination, None, path)
                print(f"  {name}: {options.rows} rows copied in {seconds:.0f} s, {memory:.0f} MB", file=sys.stderr, flush=True)
                equal = runner.verify(path)
                if equal[0] != 0:
                    fail(f"{name}: the copy differs: {equal[3][-2000:]}")
                destination.change()
                found = runner.verify(path)
                lines = [line for line in found[3].splitlines() if str(ROW) in line]
                if found[0] != 1 or not lines:
                    fail(f"{name}: the changed cell was not found: {found[3][-2000:]}")
                print(f"  {name}: equal, proved in {equal[1]:.1f} s with {equal[2]:.0f} MB; one changed cell found in {found[1]:.1f} s: {lines[0].strip()}",
                      file=sys.stderr, flush=True)
                source.sql(f"select pg_drop_replication_slot('{slot}')")
            destination.stop()
            made.remove(destination)
    finally:
        for destination in made:
            destination.stop()
        source.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
