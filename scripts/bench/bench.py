#!/usr/bin/env python3
"""Times readers that empty a replication slot, in turn, and prints ratios to pg_recvlogical. See scripts/bench.sh.

Every reader gets its own copy of the same slot, so all see the same WAL. Rates are row changes a second from the start of the process
to the last event in the reader's hands: for pg_recvlogical and the C client their end, for buz-cdc the time of the last write to its
output file (mtime). CPU is the process's own (user and system); server CPU is what the walsender used.
"""
import argparse, glob, json, os, pwd, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time
import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))
HZ = os.sysconf("SC_CLK_TCK")


def fail(text):
    sys.exit(f"bench.py: {text}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    """A Postgres of the benchmark's own. fsync and full_page_writes keep their defaults: commits cost what they cost."""

    def __init__(self, folder):
        candidates = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[-2]))
        if os.environ.get("PGBIN"):
            candidates = [os.environ["PGBIN"]]
        if not candidates:
            fail("no Postgres server found: install postgresql, or set PGBIN")
        self.bin, self.folder, self.port = candidates[-1], folder, free_port()
        self.user = []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            self.user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "env", "HOME=/tmp"]
        self.run("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8")
        with open(f"{folder}/bench.conf", "w") as f:
            f.write(f"""listen_addresses = '127.0.0.1'
port = {self.port}
unix_socket_directories = '{folder}'
wal_level = logical
max_replication_slots = 60
max_wal_senders = 20
shared_buffers = 2GB
max_wal_size = 40GB
checkpoint_timeout = 1h
autovacuum = off
log_min_messages = warning
""")
        os.chmod(f"{folder}/bench.conf", 0o644)
        subprocess.run(self.user + ["sh", "-c", f"echo \"include '{folder}/bench.conf'\" >> {folder}/data/postgresql.conf"], check=True)
        self.run("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "start")
        self.env = dict(os.environ, PGHOST="127.0.0.1", PGPORT=str(self.port), PGUSER="postgres", PGDATABASE="perf")
        self.sql("create database perf", "postgres")
        self.pid = int(open(f"{folder}/data/postmaster.pid").readline())

    def run(self, tool, *arguments):
        subprocess.run(self.user + [f"{self.bin}/{tool}", *arguments], check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def connect(self, database="perf"):
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database)
        connection.autocommit = True
        return connection

    def sql(self, text, database="perf"):
        connection = self.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def tool(self, *command, options=""):
        subprocess.run([f"{self.bin}/{command[0]}", *command[1:]], check=True, env=dict(self.env, PGOPTIONS=options),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def cpu(self):
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / HZ

    def children(self):
        return len(open(f"/proc/{self.pid}/task/{self.pid}/children").read().split())


def prepare(cluster):
    cluster.tool("psql", "-qAtX", "-f", f"{HERE}/schema.sql")
    cluster.tool("pgbench", "-i", "-q", "-s", "10", "-n")
    cluster.sql("vacuum analyze pgbench_accounts")
    cluster.sql("create publication perf_pub for table orders, pgbench_accounts, pgbench_branches, pgbench_tellers, pgbench_history, lat")


def generate(cluster, changes, name):
    """Fills the slot tpl_NAME with one workload and nothing after it. Answers (changes, end position)."""
    recipes = {
        "big": (changes, ["psql", "-qXc", f"call gen({changes}, 10000)"]),
        "small": (changes, ["psql", "-qXc", f"call gen({changes}, 1)"]),
        "tpcb": (changes // 8 * 8, ["pgbench", "-n", "-c", "2", "-j", "2", "-t", str(changes // 8), "-M", "prepared"]),
        "huge": (changes, ["psql", "-qXc", f"call gen({changes}, {changes})"]),
    }
    count, command = recipes[name]
    cluster.sql("checkpoint")
    cluster.sql(f"select pg_create_logical_replication_slot('tpl_{name}', 'pgoutput')")
    print(f"generating {name}: {count} changes", file=sys.stderr, flush=True)
    cluster.tool(*command, options="-c synchronous_commit=off")
    end = cluster.sql("select pg_current_wal_insert_lsn()")[0][0]
    # Something after the end, so that every reader is pushed past it.
    cluster.sql("insert into lat select coalesce(max(id), 0) + 1, 'END', null from lat")
    cluster.sql("select pg_switch_wal()")
    return count, end


def fresh_slot(cluster, workload):
    cluster.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'run_slot'")
    cluster.sql(f"select pg_copy_logical_replication_slot('tpl_{workload}', 'run_slot', false, 'pgoutput')")


def quiet(limit=20):
    """Waits until the rest of the machine uses less than a quarter of a core."""
    def busy():
        f = list(map(int, open("/proc/stat").readline().split()[1:]))
        return sum(f) - f[3] - f[4]
    start = time.time()
    while time.time() - start < limit:
        before = busy()
        time.sleep(1)
        if (busy() - before) / HZ < 0.25:
            return


def write_config(cluster, folder, unix, sink):
    where = f"host={cluster.folder} port={cluster.port} user=postgres dbname=perf" if unix else f"postgres://postgres@127.0.0.1:{cluster.port}/perf"
    text = f"""version: 1
app: {{name: bench, env: bench, stateDir: {folder}/state, logLevel: warning}}
inputs:
  postgres:
    - {{name: perf, url: "{where}", slot: run_slot, publication: perf_pub, tables: ["public.*"], snapshot: never}}
operations: {{enabled: false}}
sinks:
  - {sink}
"""
    path = f"{folder}/buz.yaml"
    with open(path, "w") as f:
        f.write(text)
    return path


def measure(cluster, reader, workload, changes, end):
    """One run. Answers {rate, cpu, server, memory}."""
    fresh_slot(cluster, workload)
    folder = tempfile.mkdtemp(prefix="buzbench", dir=cluster.folder if os.access(cluster.folder, os.W_OK) else None)
    env = dict(cluster.env)
    unix = reader.endswith("unix")
    if unix:
        env["PGHOST"] = cluster.folder
    finished = None
    if reader.startswith("pg_recvlogical"):
        command = [f"{cluster.bin}/pg_recvlogical", "-d", "perf", "--no-loop", "--start", "-S", "run_slot", f"--endpos={end}", "-f",
                   "/dev/null", "-o", "proto_version=1", "-o", "publication_names=perf_pub"]
    elif reader.startswith("c_json"):
        env["PACE_US"] = "100"
        command = [f"{cluster.folder}/recv_floor", "json", "run_slot", end, "proto_version '1', publication_names 'perf_pub'"]
    else:
        sink = f"{{name: out, type: file, path: {folder}/out, defaultOutput: events}}" if "file" in reader else "{name: out, type: blackhole}"
        command = [os.environ["BUZ_BINARY"], "run", "--config", write_config(cluster, folder, unix, sink), "--until-idle", "1"]
        finished = f"{folder}/out"
    quiet()
    base, server = cluster.children(), cluster.cpu()
    start = time.time()
    errors = open(f"{folder}/errors", "w")
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=errors)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    last = time.time()
    if status != 0:
        fail(f"{reader} on {workload} exited {os.waitstatus_to_exitcode(status)}: {open(f'{folder}/errors').read()[-2000:]}")
    if finished and "file" in reader:
        files = glob.glob(f"{finished}/*")
        last = max(os.stat(f).st_mtime for f in files)
        lines = sum(int(subprocess.run(["wc", "-l", f], capture_output=True, text=True).stdout.split()[0]) for f in files)
        if not changes <= lines <= changes + 50:
            fail(f"{reader} on {workload}: {lines} lines for {changes} changes")
    elif finished:
        last -= 1  # the second of idleness that was asked for
    for _ in range(200):
        if cluster.children() <= base:
            break
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)
    return {"rate": changes / (last - start), "cpu": (usage.ru_utime + usage.ru_stime) / changes * 1e6, "memory": usage.ru_maxrss / 1024,
            "server": (cluster.cpu() - server) / changes * 1e6}


def latency(cluster, transactions, rate=100):
    """Milliseconds from sending COMMIT to the line readable in the output file."""
    cluster.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'run_slot'")
    cluster.sql("select pg_create_logical_replication_slot('run_slot', 'pgoutput')")
    folder = tempfile.mkdtemp(prefix="buzbench")
    config = write_config(cluster, folder, False, f"{{name: out, type: file, path: {folder}/out, defaultOutput: events}}")
    process = subprocess.Popen([os.environ["BUZ_BINARY"], "run", "--config", config], stderr=open(f"{folder}/errors", "w"))
    seen, stop = {}, threading.Event()

    def tail():
        descriptor, rest = None, b""
        while not stop.is_set():
            if descriptor is None:
                files = glob.glob(f"{folder}/out/*")
                if not files:
                    time.sleep(0.005)
                    continue
                descriptor = os.open(files[0], os.O_RDONLY)
            data = os.read(descriptor, 1 << 20)
            if not data:
                time.sleep(0.0002)
                continue
            now = time.perf_counter()
            rest += data
            *lines, rest = rest.split(b"\n")
            for line in lines:
                at = line.find(b"LATMARK:")
                if at >= 0:
                    seen[int(line[at + 8:line.index(b'"', at)])] = now

    thread = threading.Thread(target=tail)
    thread.start()
    connection = cluster.connect()
    cursor = connection.cursor()
    cursor.execute("select coalesce(max(id), 0) from lat")
    first = cursor.fetchone()[0] + 1
    for _ in range(600):
        cursor.execute("select active from pg_replication_slots where slot_name = 'run_slot'")
        if cursor.fetchone()[0]:
            break
        time.sleep(0.05)
    connection.autocommit = False
    sent = {}
    begin = time.perf_counter()
    for i in range(transactions + 100):
        cursor.execute("insert into lat (id, marker) values (%s, %s)", (first + i, f"LATMARK:{i}"))
        sent[i] = time.perf_counter()
        connection.commit()
        pause = begin + (i + 1) / rate - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
    time.sleep(1)
    stop.set()
    thread.join()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    connection.close()
    shutil.rmtree(folder, ignore_errors=True)
    lost = [i for i in sent if i not in seen]
    if lost:
        fail(f"latency: {len(lost)} of {len(sent)} markers never arrived")
    times = sorted((seen[i] - sent[i]) * 1000 for i in range(100, transactions + 100))
    return times[len(times) // 2], times[int(len(times) * 0.99)], times[-1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workloads", default="big,small,tpcb,huge")
    parser.add_argument("--readers", default="pg_recvlogical,c_json_paced,buz file,buz blackhole,pg_recvlogical unix,buz file unix")
    parser.add_argument("--latency", type=int, default=2000, help="transactions of the latency run; 0 leaves it out")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="buzbench-pg")
    os.chmod(folder, 0o755)
    cluster = Cluster(folder)
    try:
        subprocess.run(["cc", "-O2", f"{HERE}/recv_floor.c", "-o", f"{folder}/recv_floor", "-I/usr/include/postgresql", "-lpq"], check=True)
        readers = [r.strip() for r in options.readers.split(",")]
        names = [w for w in options.workloads.split(",") if w]
        prepare(cluster)
        version = cluster.sql("show server_version")[0][0]
        print(f"Postgres {version}, {os.cpu_count()} cores, {options.changes} changes a workload, medians of {options.repeats} runs in turn\n")
        print("| workload | reader | rate, k/s | ratio (TCP: to pg_recvlogical; Unix: to it over Unix) | reader CPU, s/million | server CPU, s/million | memory, MB | limit |")
        print("|---|---|---|---|---|---|---|---|")
        for name in names:
            changes, end = generate(cluster, options.changes, name)
            runs = {r: [] for r in readers}
            for _ in range(options.repeats):
                for reader in readers:
                    runs[reader].append(measure(cluster, reader, name, changes, end))
            middle = {r: {k: statistics.median(x[k] for x in runs[r]) for k in runs[r][0]} for r in readers}
            for reader in readers:
                m = middle[reader]
                floor = middle.get("pg_recvlogical unix" if reader.endswith("unix") else "pg_recvlogical")
                ratio = f"{m['rate'] / floor['rate']:.2f}" if floor else ""
                seconds = 1e6 / m["rate"]
                limit = "server" if m["server"] > 0.85 * seconds else "reader" if m["cpu"] > 0.85 * seconds else \
                    "both cores" if m["server"] + m["cpu"] > 0.8 * seconds * min(2, os.cpu_count()) else "waiting"
                print(f"| {name} | {reader} | {m['rate'] / 1000:.0f} | {ratio} | {m['cpu']:.1f} | {m['server']:.1f} | {m['memory']:.0f} | {limit} |", flush=True)
            cluster.sql(f"select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name in ('run_slot', 'tpl_{name}')")
        if options.latency:
            p50, p99, worst = latency(cluster, options.latency)
            print(f"\ncommit sent to line readable in the file, 100 transactions a second: p50 {p50:.2f} ms, p99 {p99:.2f} ms, worst {worst:.1f} ms")
    finally:
        if not options.keep:
            cluster.stop()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
