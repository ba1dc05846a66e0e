"""What is compared: how each system is started, given the readings by its fastest documented way, and asked what it has.

Every `load` runs the system's client as a child process and returns when the system has acknowledged everything; every `contents`
returns the number of readings, the sum of their values as a decimal, and the number of distinct keys.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent
KEY = "point, quantity, period_start, period_end"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(command, **more):
    """Runs a command to its end; what it prints is returned, and an error ends the comparison."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def until(ready, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"{what} is not ready after {seconds} s")


def get(url, data=None):
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=600) as answer:
        return answer.read().decode()


class Server:
    """A system with a process of its own, whose programs have to be there."""

    process = None
    needs = ()

    @classmethod
    def missing(cls):
        return [program for program in cls.needs if shutil.which(str(program)) is None]

    def spawn(self, command, folder, **more):
        with open(folder / "server.log", "wb") as log:
            self.process = subprocess.Popen([str(word) for word in command], **{"stdout": log, "stderr": log, **more})

    @property
    def servers(self):
        return [self.process.pid]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


class Embedded:
    """A system within its client: the work is done by a program in `embedded.py`."""

    servers = ()

    @staticmethod
    def missing():
        return []

    def start(self, folder):
        self.folder = folder

    def stop(self):
        pass

    def program(self, *words):
        return run([sys.executable, HERE / "embedded.py", *words, self.folder])

    def contents(self):
        count, total, distinct = json.loads(self.program(self.name.split()[0].lower(), "contents"))
        return count, Decimal(total), distinct


class Metrify(Server):
    name = "Metrify"
    durable = True
    takes = "ndjson"
    needs = ("curl",)

    def version(self):
        return run([os.environ["METRIFY"], "--version"]).split()[1]

    def start(self, folder):
        self.data = folder / "data"
        self.port = free_port()
        command = [os.environ["METRIFY"], "--data-dir", self.data, "up", "--listen", f"127.0.0.1:{self.port}"]
        self.spawn(command, folder)
        server = self.data / "server.json"
        until(server.exists, self.name)
        self.token = json.loads(server.read_text())["token"]
        until(lambda: get(f"http://127.0.0.1:{self.port}/health"), self.name)

    def ingest(self, path):
        url = f"http://127.0.0.1:{self.port}/api/v1/deliveries"
        return json.loads(run(["curl", "-sS", "-f", "-X", "POST", "-H", f"Authorization: Bearer {self.token}", "-T", path, url]))

    def load(self, files):
        receipt = self.ingest(files[self.takes])
        assert receipt["received"] == receipt["stored"], receipt

    def row(self, query):
        return run([os.environ["METRIFY"], "--data-dir", self.data, "sql", "-o", "csv", query]).splitlines()[1].split(",")

    def contents(self):
        query = f"select count(*) as a, sum(value) as b, (select count(*) from (select distinct {KEY} from readings)) as c from readings"
        count, total, distinct = self.row(query)
        return int(count), Decimal(total), int(distinct)


class MetrifyDays(Metrify):
    name = "Metrify, a day a line"
    takes = "days"


class MetrifyArrow(Metrify):
    name = "Metrify, Arrow"
    takes = "arrow"


class Postgres(Server):
    """COPY into a table with a unique key; its server syncs before it answers."""

    name = "PostgreSQL, COPY"
    durable = True
    programs = Path("/usr/lib/postgresql/15/bin")
    needs = (programs / "postgres", programs / "initdb", "psql")
    table = (
        "create table readings (point text, quantity text, period_start timestamptz, period_end timestamptz, value numeric, "
        f"unit text, primary key ({KEY}))"
    )

    def version(self):
        return run([self.programs / "postgres", "--version"]).split()[2]

    def start(self, folder):
        # It refuses to be run by root.
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        for above in [folder, *folder.parents]:
            if above.stat().st_uid == os.getuid() and above != Path("/"):
                above.chmod(above.stat().st_mode | 0o011)
        home = folder / "postgres"
        home.mkdir()
        if user:
            shutil.chown(home, "postgres", "postgres")
        self.port = free_port()
        run([self.programs / "initdb", "-D", home / "data", "-U", "bench", "-A", "trust", "--no-sync"], cwd=home, **user)
        options = ["-p", self.port, "-c", "listen_addresses=127.0.0.1", "-k", home]
        options += ["-c", "max_wal_size=8GB", "-c", "shared_buffers=1GB", "-c", "maintenance_work_mem=512MB"]
        self.spawn([self.programs / "postgres", "-D", home / "data", *options], folder, cwd=home, **user)
        until(lambda: socket.create_connection(("127.0.0.1", self.port)).close() is None, self.name)
        until(lambda: self.ready(), self.name)
        self.sql(self.table)

    def ready(self):
        return subprocess.run(self.psql("select 1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def psql(self, statement):
        database = f"host=127.0.0.1 port={self.port} user=bench dbname=postgres"
        return ["psql", "-d", database, "-q", "-t", "-A", "-F", ",", "-v", "ON_ERROR_STOP=1", "-c", statement]

    def sql(self, statement):
        return run(self.psql(statement))

    def load(self, files):
        self.sql(f"\\copy readings from '{files['keys_csv']}' with (format csv)")

    def contents(self):
        answer = self.sql(f"select count(*), sum(value), (select count(*) from (select distinct {KEY} from readings) k) from readings")
        count, total, distinct = answer.strip().split(",")
        return int(count), Decimal(total), int(distinct)


class PostgresUpsert(Postgres):
    """Into a table without a key, and from there with ON CONFLICT, as one does it where duplicates are to be expected."""

    name = "PostgreSQL, ON CONFLICT"

    def load(self, files):
        columns = f"{KEY}, value, unit"
        self.sql("create unlogged table arrived (like readings)")
        self.sql(f"\\copy arrived from '{files['keys_csv']}' with (format csv)")
        self.sql(
            f"insert into readings ({columns}) select {columns} from arrived on conflict ({KEY}) do update set value = excluded.value"
        )
        self.sql("drop table arrived")


class DuckDb(Embedded):
    """Inserts from CSV into a table with a primary key; its commit syncs."""

    name = "DuckDB"
    durable = True

    def version(self):
        return self.version_of("duckdb")

    @staticmethod
    def version_of(package):
        from importlib.metadata import version

        return version(package)

    def load(self, files):
        self.program("duckdb", "load", files["keys_csv"])


class DuckDbWithoutKey(DuckDb):
    """The same without a key: what came twice stays twice."""

    name = "DuckDB, no key"
    durable = False

    def load(self, files):
        self.program("duckdb", "load_without_key", files["keys_csv"])


class DeltaMerge(Embedded):
    """A MERGE by the key into a Delta table, by Python deltalake; files are not synced."""

    name = "Delta MERGE"
    durable = False

    def version(self):
        return DuckDb.version_of("deltalake")

    def load(self, files):
        self.program("delta", "load", files["parquet"])


class DeltaWrite(DeltaMerge):
    """The bare writing of the same rows, without looking for what is there."""

    name = "Delta append"

    def load(self, files):
        self.program("delta", "append", files["parquet"])


class SparkMerge(Server):
    """A MERGE by the key into a Delta table by a Spark session that has been started before; files are not synced."""

    name = "Spark, Delta MERGE"
    durable = False
    action = "merge"
    needs = ("java",)
    jars = Path(os.environ.get("SPARK_JARS", "spark-jars"))

    @classmethod
    def missing(cls):
        import importlib.util

        there = importlib.util.find_spec("pyspark") and any(cls.jars.glob("delta-spark*.jar"))
        return super().missing() + ([] if there else ["pyspark and the jars of Delta"])

    def version(self):
        return DuckDb.version_of("pyspark")

    def start(self, folder):
        self.spawn(
            [sys.executable, HERE / "spark.py", self.jars, folder],
            folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: its folder has a log")
        return json.loads(line)

    def tell(self, *words):
        self.process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def load(self, files):
        self.tell(self.action, files["parquet"])

    def contents(self):
        count, total, distinct = self.tell("contents")
        return count, Decimal(total), distinct


class SparkAppend(SparkMerge):
    """The bare writing of the same rows, without looking for what is there."""

    name = "Spark, Delta append"
    action = "append"


class ClickHouse(Embedded):
    """A ReplacingMergeTree ordered by the key, filled from CSV by chdb; parts are synced."""

    name = "ClickHouse, synced"
    durable = True
    action = "load_synced"

    @staticmethod
    def missing():
        import importlib.util

        return [] if importlib.util.find_spec("chdb") else ["chdb"]

    def version(self):
        return DuckDb.version_of("chdb-core")

    def load(self, files):
        self.program("clickhouse", self.action, files["keys_csv"])


class ClickHouseAsShipped(ClickHouse):
    name = "ClickHouse"
    durable = False
    action = "load"


class QuestDb(Server):
    """Line protocol over HTTP into a table that drops what comes twice; `durable` syncs its log before the answer."""

    name = "QuestDB, synced"
    durable = True
    jar = Path(os.environ.get("QUESTDB_JAR", "questdb.jar"))
    needs = ("java",)
    commit_mode = "sync"
    table = (
        "create table readings (point symbol capacity 65536, quantity symbol, unit symbol, value double, at timestamp) "
        "timestamp(at) partition by month wal dedup upsert keys(at, point, quantity)"
    )

    @classmethod
    def missing(cls):
        return super().missing() + ([] if cls.jar.exists() else [cls.jar])

    def version(self):
        return self.jar.stem.rpartition("-")[2]

    def start(self, folder):
        home = folder / "questdb"
        (home / "conf").mkdir(parents=True)
        self.port = free_port()
        binds = {"http.bind.to": self.port, "http.min.net.bind.to": free_port(), "line.tcp.net.bind.to": free_port(), "pg.net.bind.to": free_port()}
        settings = [f"{name}=127.0.0.1:{port}" for name, port in binds.items()]
        settings += ["telemetry.enabled=false", f"cairo.commit.mode={self.commit_mode}"]
        (home / "conf" / "server.conf").write_text("\n".join(settings) + "\n")
        java = ["java", "-Xmx1g", "--add-exports", "java.base/jdk.internal.math=io.questdb", "-p", self.jar]
        self.spawn([*java, "-m", "io.questdb/io.questdb.ServerMain", "-d", home], folder)
        until(lambda: self.query("select 1"), self.name, 120)
        self.query(self.table)

    def query(self, statement):
        words = urllib.parse.urlencode({"query": statement})
        return json.loads(get(f"http://127.0.0.1:{self.port}/exec?{words}")).get("dataset", True)

    def load(self, files):
        url = f"http://127.0.0.1:{self.port}/write?precision=s"
        run([sys.executable, HERE / "line_client.py", url, files["table_lines"], 20_000])

    def contents(self):
        # What is in its log is applied to the table behind the answer.
        until(lambda: self.query("select sequencerTxn = writerTxn from wal_tables()")[0][0], "its log", 600)
        count, total = self.query("select count(), sum(value) from readings")[0]
        distinct = self.query("select count() from (select distinct point, quantity, at from readings)")[0][0]
        return count, Decimal(str(round(total, 3))), distinct


class QuestDbAsShipped(QuestDb):
    name = "QuestDB"
    durable = False
    commit_mode = "nosync"


class VictoriaMetrics(Server):
    """Line protocol; it answers before anything is on disk, and has no other way."""

    name = "VictoriaMetrics"
    durable = False
    needs = ("victoria-metrics",)

    def version(self):
        return run(["dpkg-query", "-W", "-f", "${Version}", "victoria-metrics"]).partition("+")[0]

    def start(self, folder):
        self.port = free_port()
        words = [f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=100y"]
        self.spawn(["victoria-metrics", *words], folder)
        until(lambda: get(f"http://127.0.0.1:{self.port}/health") == "OK", self.name)

    def load(self, files):
        url = f"http://127.0.0.1:{self.port}/write?precision=s"
        run([sys.executable, HERE / "line_client.py", url, files["lines"], 20_000])

    def contents(self):
        get(f"http://127.0.0.1:{self.port}/internal/force_flush")
        count, total, distinct = 0, Decimal(0), 0
        words = urllib.parse.urlencode({"match[]": '{point!=""}', "reduce_mem_usage": "1"})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/export?{words}", timeout=600) as series:
            for line in series:
                told = json.loads(line, parse_float=str, parse_int=str)
                count += len(told["values"])
                distinct += len(set(told["timestamps"]))
                total += sum(map(Decimal, told["values"]))
        return count, total, distinct


class InfluxDb(Server):
    """Line protocol, 5 000 lines a request as its documentation advises; `durable` syncs before the answer."""

    name = "InfluxDB 1.6, synced"
    durable = True
    needs = ("influxd",)
    fsync_delay = "0s"

    def version(self):
        return run(["influxd", "version"]).split()[1]

    def start(self, folder):
        self.port, backup = free_port(), free_port()
        settings = folder / "influxdb.conf"
        settings.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{backup}"\n'
            f'[meta]\ndir = "{folder}/meta"\n'
            f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\nwal-fsync-delay = "{self.fsync_delay}"\n'
            "max-series-per-database = 0\nindex-version = \"tsi1\"\nquery-log-enabled = false\n"
            f'[http]\nbind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\nmax-body-size = 0\n'
        )
        self.spawn(["influxd", "-config", settings], folder)
        until(lambda: get(f"http://127.0.0.1:{self.port}/ping") == "", self.name)
        self.query("create database bench", method_data=b"")

    def query(self, statement, method_data=None):
        words = urllib.parse.urlencode({"db": "bench", "q": statement})
        return json.loads(get(f"http://127.0.0.1:{self.port}/query?{words}", method_data))

    def load(self, files):
        url = f"http://127.0.0.1:{self.port}/write?db=bench&precision=s"
        run([sys.executable, HERE / "line_client.py", url, files["lines"], 5_000])

    def contents(self):
        answer = self.query("select count(value), sum(value) from /.*/")
        rows = [row["values"][0] for row in answer["results"][0]["series"]]
        count = sum(row[1] for row in rows)
        # Floats inside: the sum is compared to three places, and one point of one time is one value by design.
        return count, Decimal(str(round(sum(row[2] for row in rows), 3))), count


class InfluxDbAsShipped(InfluxDb):
    name = "InfluxDB 1.6"
    durable = False
    fsync_delay = "100ms"


ALL = [
    Metrify,
    MetrifyDays,
    MetrifyArrow,
    Postgres,
    PostgresUpsert,
    DuckDb,
    DuckDbWithoutKey,
    ClickHouse,
    ClickHouseAsShipped,
    QuestDb,
    QuestDbAsShipped,
    VictoriaMetrics,
    DeltaMerge,
    DeltaWrite,
    SparkMerge,
    SparkAppend,
    InfluxDb,
    InfluxDbAsShipped,
]
