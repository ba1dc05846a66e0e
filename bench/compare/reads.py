"""How many reads of single meters a server answers, while readings come in.

`python bench/compare/reads.py [--meters N] [--days N] [--connections N] [--rate N] [--seconds N] [--rounds N]`; METRIFY names the
program, LATENCY the one that sends (`bench/examples/latency.rs`). `wrk` (a Debian package) asks for one day of a meter, another meter
each time, with a key of its own: each is authenticated, asked of the policies, answered from the lake, and noted in the audit log.
The same is done once more for master data, the meter itself.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import measure
from systems import Metrify, run

# A request for another meter each time; the same sequence in every run.
SCRIPT = """
local ids = {%s}
local at = 0
request = function()
  at = at %% #ids + 1
  return wrk.format("GET", string.format("%s", ids[at]), {["X-API-Key"] = "%s"})
end
"""
ASKED = {
    "a day of a meter": "/api/v1/smart-meters/%s/readings?quantity=1-0:1.29.0&start=2025-01-02&end=2025-01-03",
    "the meter itself": "/api/v1/smart-meters/%s",
}
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def milliseconds(report, percent):
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)\s*$", report, re.MULTILINE)
    assert found, report
    number, unit = found.groups()
    return round(float(number) * UNITS[unit], 2)


def ask(system, folder, arguments, ids, path):
    key = run([os.environ["METRIFY"], "--data-dir", system.data, "key", "create", "--role", "viewer"]).strip()
    script = folder / "ask.lua"
    script.write_text(SCRIPT % (",".join(f'"{each}"' for each in ids), path, key))
    command = ["wrk", "-t1", f"-c{arguments.connections}", f"-d{arguments.seconds}s", "--latency", "-s", script]
    report = run([*command, f"http://127.0.0.1:{system.port}"])
    assert "Non-2xx" not in report, report
    return {
        "requests_per_s": round(float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])),
        "p50_ms": milliseconds(report, 50),
        "p99_ms": milliseconds(report, 99),
    }


def one_round(arguments):
    folder, system = Path(tempfile.mkdtemp(prefix="metrify-bench-")), Metrify()
    try:
        system.start(folder)
        fleet = folder / "fleet.ndjson"
        simulate = ["simulate", "--faultless", "--from", "2025-01-01", "--meters", arguments.meters, "--days", arguments.days]
        run([os.environ["METRIFY"], *map(str, simulate), "--out", fleet])
        system.load({"ndjson": fleet})
        query = "select point from readings_latest where quantity = '1-0:1.29.0' order by 1"
        told = run([os.environ["METRIFY"], "--data-dir", system.data, "sql", "-o", "csv", query])
        ids = told.split()[1:]
        key = run([os.environ["METRIFY"], "--data-dir", system.data, "key", "create", "--role", "operator"]).strip()
        for each in ids:
            register = ["curl", "-sS", "-f", "-H", f"X-API-Key: {key}", "-H", "Content-Type: application/json"]
            run([*register, "-d", json.dumps({"id": each}), f"http://127.0.0.1:{system.port}/api/v1/smart-meters"])
        sender = [os.environ["LATENCY"], f"127.0.0.1:{system.port}", system.token, 50, arguments.rate, 100, 4 * arguments.seconds]
        result = {}
        for beside in ("nothing else", "readings come in"):
            sending = None
            if beside != "nothing else":
                sending = subprocess.Popen([str(word) for word in sender], stdout=subprocess.PIPE)
            for asked, path in ASKED.items():
                result[f"{asked}, {beside}"] = ask(system, folder, arguments, ids, path)
            if sending:
                sent = json.loads(sending.communicate()[0])
                result["readings beside"] = {"per_s": round(sent["readings"] / (4 * arguments.seconds)), "p99_ms": sent["p99_ms"]}
        return result
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=500)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rate", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        print("SKIPPED: no wrk (a Debian package)")
        return
    # One key asks for more than one is given: here the house is measured, not its limits.
    os.environ |= {"METRIFY_SERVER_KEY_RATE": "0", "METRIFY_SERVER_TENANT_RATE": "0"}
    rounds = measure.rounds(arguments.rounds, lambda: one_round(arguments))
    for name in rounds[0]:
        middle = {number: statistics.median(each[name][number] for each in rounds) for number in rounds[0][name]}
        print(f"{name}: {middle}")
    measure.keep("reads", {"connections": arguments.connections, "meters": arguments.meters, "rate": arguments.rate, "rounds": rounds})


if __name__ == "__main__":
    main()
