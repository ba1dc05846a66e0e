# run   build, and serve http://127.0.0.1:8000 with a simulated fleet, data in ./data (METRIFY_DATA_DIR names another folder)
# test  all tests; what they need beside Rust is installed into the cache by `venv`, `issuer` and `sql-tools`
# sql-tools  drivers and tools of others that the tests ask for SQL with: of Java, Go, Node, Python and ODBC
# lint  formatting and clippy
# formats-report  what every public sample gives, written to docs/formats/report.txt and printed
# python-client  the wheel of the Python client, into the cache; python-client-test  it beside a real server
# schemathesis  what the description of the HTTP interface says, asked of a server for some minutes
# faults  a server killed FAULTS_KILLS times under load, and a store that goes wrong at every call: what was lost or doubled
# bounds  what deliveries of 64 MiB and more make each decoder hold, and whether time grows with their bytes alone
# bench  all of the following but bench-reads, bench-large and bench-registered, on this machine, in a quarter of an hour; bench-full  with ten times the readings
# bench-decode  how fast each format is decoded, as a table; BENCH=NAME for one of them
# bench-intake  Metrify beside other systems: the same readings into each; METERS_BENCH, DAYS_BENCH, ROUNDS
# bench-resend  what the same readings cost when they come again
# bench-start  how soon a server is ready, also after kill -9, and what it takes while nothing happens
# bench-latency  how long answers take while many connections send at an even rate; RATE readings a second
# bench-reads  how many reads of single meters are answered while RATE_BESIDE readings a second come in; needs wrk
# bench-fresh  how soon others see in the lake what was answered, and how many files small deliveries leave
# bench-large  half a billion readings: loading, size, questions beside DuckDB, corrections; METERS_LARGE, DAYS_LARGE
# bench-registered  what it costs that METERS_REGISTERED meters are known, ten million unless said
# fuzz  every fuzz target for FUZZ_SECONDS, or those in FUZZ_TARGETS; needs a nightly compiler, and installs cargo-fuzz
#
# Dependencies compile once, into a folder outside the checkout that the next clone uses, too. They are compiled anew for
# every other set of features, and `-p` asks for another set: so every command here says --workspace.

SHELL := /bin/bash
.DEFAULT_GOAL := run
.PHONY: run test python-client python-client-test schemathesis lint faults bounds bench bench-full bench-decode bench-intake bench-resend bench-start bench-latency bench-fresh bench-reads bench-large bench-registered peers fuzz venv issuer sql-tools formats-report

CACHE := $(HOME)/.cache/metrify
export CARGO_TARGET_DIR ?= $(CACHE)/target
# A clean clone compiles all of our code anyway, and does so faster without keeping what a later change could go on from.
export CARGO_INCREMENTAL ?= 0

METERS ?= 200

run:
	cargo build --workspace
	exec "$(CARGO_TARGET_DIR)/debug/metrify" up --simulate $(METERS)

# Tests of the program wait for processes and disks half of their time: more of them than cores are under way.
test: venv issuer
	@$(MAKE) --no-print-directory sql-tools || echo "no sql-tools (java, mvn, node, go and apt-get are needed): tests that ask with them fail"
	RUST_TEST_THREADS=$$(( 2 * $$(nproc) )) LAKE_READERS_PYTHON="$(VENV)/bin/python" \
		ISSUER_MODULES="$(ISSUER)/node_modules" SQL_TOOLS="$(TOOLS)" cargo test --workspace

formats-report:
	UPDATE_EXPECT=1 CARGO_TARGET_DIR=$(CACHE)/core cargo test -q -p metrify-formats report::
	cat docs/formats/report.txt

# Clippy checks all dependencies once by itself, which takes minutes the first time: it is not part of `test`.
lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

WHEELS := $(CACHE)/wheels
PYTHON_CLIENT := $(CACHE)/python-client
PYTHON_CLIENT_TOOLS := pytest==9.2.0 mypy==2.4.1 ruff==0.17.6 pandas==3.1.1 pandas-stubs polars==2.1.0

python-client:
	python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$(WHEELS)" clients/python

# Tests, types and form of the client; its wheel in an environment that has nothing else.
python-client-test: python-client
	cargo build --workspace
	@test -x "$(PYTHON_CLIENT)/bin/python" || python3 -m venv "$(PYTHON_CLIENT)"
	@"$(PYTHON_CLIENT)/bin/pip" install --quiet --disable-pip-version-check $(PYTHON_CLIENT_TOOLS) -e clients/python
	cd clients/python && METRIFY="$(CARGO_TARGET_DIR)/debug/metrify" WHEELS="$(WHEELS)" "$(PYTHON_CLIENT)/bin/pytest"
	cd clients/python && "$(PYTHON_CLIENT)/bin/ruff" check . && "$(PYTHON_CLIENT)/bin/ruff" format --check . && "$(PYTHON_CLIENT)/bin/mypy"

SCHEMATHESIS_S ?= 150

schemathesis:
	cargo build --workspace
	@test -x "$(CACHE)/schemathesis/bin/schemathesis" || { python3 -m venv "$(CACHE)/schemathesis" && \
		"$(CACHE)/schemathesis/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5 hypothesis==6.170.17; }
	SCHEMATHESIS="$(CACHE)/schemathesis/bin/schemathesis" METRIFY="$(CARGO_TARGET_DIR)/debug/metrify" \
		clients/schemathesis/run $(SCHEMATHESIS_S)

FAULTS_KILLS ?= 100

faults: venv
	FAULTS_STRIDE=1 cargo test --workspace --test faults -- --nocapture
	FAULTS_KILLS=$(FAULTS_KILLS) LAKE_READERS_PYTHON="$(VENV)/bin/python" cargo test --workspace --test program -- \
		--nocapture crash:: bad_input::a_full_disk bad_input::what_is_known_can_be_asked_for_while_the_disk_is_full \
		a_second_server_on_the_same_data a_second_process_on_the_same_data
	cargo test --workspace --test journal --test known

BOUNDS_MIB ?= 48

bounds:
	BOUNDS_MIB=$(BOUNDS_MIB) CARGO_TARGET_DIR="$(CACHE)/core" cargo test --release -p metrify-formats --test bounds -- --nocapture

bench: bench-decode bench-intake
	$(MAKE) bench-resend bench-start bench-latency bench-fresh ROUNDS=3

bench-full:
	$(MAKE) bench METERS_BENCH=4000
	$(MAKE) bench-large

BENCH ?=

# Built as it is shipped, by itself: nothing of it serves the other targets.
bench-decode:
	cd bench && CARGO_TARGET_DIR="$(CACHE)/bench" cargo run --release --quiet --example decode -- $(if $(BENCH),"$(BENCH)")

METERS_BENCH ?= 400
DAYS_BENCH ?= 20
ROUNDS ?= 5

# What the others are installed from: bench/README.md. One that is not there is passed over with a word.
bench-intake: peers
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	METRIFY="$(CACHE)/shipped/release/metrify" QUESTDB_JAR="$(QUESTDB)" SPARK_JARS="$(SPARK_JARS)" "$(PEERS)/bin/python" -B bench/compare \
		--meters $(METERS_BENCH) --days $(DAYS_BENCH) --rounds $(ROUNDS)

PEERS := $(CACHE)/peers
QUESTDB := $(PEERS)/questdb-9.3.4.jar
SPARK_JARS := $(PEERS)/spark-jars

# What can be installed without rights of an administrator; bench/README.md says what else is compared where it is there.
peers:
	@test -x "$(PEERS)/bin/python" || python3 -m venv "$(PEERS)"
	@"$(PEERS)/bin/pip" install --quiet --disable-pip-version-check $(LAKE_READERS) chdb==4.4.0 pyspark==4.1.1
	@test -e "$(QUESTDB)" || mvn --quiet dependency:copy -Dartifact=org.questdb:questdb:9.3.4 -DoutputDirectory="$(PEERS)" \
		|| echo "SKIPPED: no QuestDB (mvn is needed)"
	@ls "$(SPARK_JARS)"/delta-spark*.jar > /dev/null 2>&1 || mvn --quiet --batch-mode --file bench/compare/spark.pom.xml \
		dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$(SPARK_JARS)" \
		|| echo "SKIPPED: no Spark with Delta (mvn is needed)"

# Days that were received sent again, shuffled, one value of a thousand changed.
bench-resend: venv
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	METRIFY="$(CACHE)/shipped/release/metrify" "$(VENV)/bin/python" -B bench/compare/resend.py --rounds $(ROUNDS)

bench-start:
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	METRIFY="$(CACHE)/shipped/release/metrify" python3 -B bench/compare/start.py --rounds $(ROUNDS)

RATE ?= 200000

bench-latency:
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	cd bench && CARGO_TARGET_DIR="$(CACHE)/bench" cargo build --release --quiet --example latency
	METRIFY="$(CACHE)/shipped/release/metrify" LATENCY="$(CACHE)/bench/release/examples/latency" \
		python3 -B bench/compare/latency.py --rate $(RATE) --rounds $(ROUNDS)

RATE_BESIDE ?= 100000

bench-reads:
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	cd bench && CARGO_TARGET_DIR="$(CACHE)/bench" cargo build --release --quiet --example latency
	METRIFY="$(CACHE)/shipped/release/metrify" LATENCY="$(CACHE)/bench/release/examples/latency" \
		python3 -B bench/compare/reads.py --rate $(RATE_BESIDE) --rounds $(ROUNDS)

bench-fresh: peers
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	METRIFY="$(CACHE)/shipped/release/metrify" "$(PEERS)/bin/python" -B bench/compare/fresh.py --seconds 60

METERS_LARGE ?= 14000
DAYS_LARGE ?= 300

bench-large: venv
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	METRIFY="$(CACHE)/shipped/release/metrify" "$(VENV)/bin/python" -B bench/compare/large.py \
		--meters $(METERS_LARGE) --days $(DAYS_LARGE) --rounds $(ROUNDS)

METERS_REGISTERED ?= 10000000

bench-registered:
	CARGO_TARGET_DIR="$(CACHE)/shipped" cargo build --release --bin metrify
	METRIFY="$(CACHE)/shipped/release/metrify" python3 -B bench/compare/registered.py --meters $(METERS_REGISTERED) --rounds $(ROUNDS)

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(patsubst fuzz/fuzz_targets/%.rs,%,$(wildcard fuzz/fuzz_targets/*.rs))
FUZZ_LIMITS := -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=5 -rss_limit_mb=1500 -print_final_stats=1

# Instrumented code lies in a folder of its own: nothing of it serves the other targets. What is found on the way is kept
# there, too, so that the corpus in the repository stays the few files that somebody chose. The samples beside the project,
# where they are, are seeds as well; the fuzzer reads them out of a folder that goes with it.
fuzz:
	@command -v cargo-fuzz > /dev/null || cargo install cargo-fuzz --locked
	@seeds="$$(mktemp -d)" && trap 'rm -rf "$$seeds"' EXIT && \
	{ test ! -d ../shared/samples || find ../shared/samples -type f -size -20k -exec cp --backup=numbered -t "$$seeds" {} + ; } && \
	for target in $(FUZZ_TARGETS); do \
		echo "fuzz $$target for $(FUZZ_SECONDS) seconds"; \
		words="fuzz/dictionaries/$$target.dict"; test -e "$$words" && words="-dict=$$words" || words=; \
		mkdir -p "$(CACHE)/fuzz/corpus/$$target" && \
		cargo +nightly fuzz run --target-dir "$(CACHE)/fuzz" $$target \
			"$(CACHE)/fuzz/corpus/$$target" fuzz/corpus/$$target "$$seeds" -- $(FUZZ_LIMITS) $$words || exit 1; \
	done

# Programs of others that read what we write, the lake and messages of the market: tests compare their answers with ours, and
# skip visibly where they are absent.
VENV := $(CACHE)/venv
LAKE_READERS := deltalake==1.6.6 duckdb==2.0.0 pyarrow==26.0.1 pydifact==0.2.3
SQL_CLIENTS := psycopg[binary]==3.3.9 adbc-driver-flightsql==1.13.0 adbc-driver-manager==1.13.0
VENV_STAMP := $(VENV)/$(subst $() ,-,$(subst ==,_,$(subst [binary],,$(LAKE_READERS) $(SQL_CLIENTS)))).stamp

venv:
	@test -e "$(VENV_STAMP)" || { \
		python3 -m venv --clear "$(VENV)" && \
		"$(VENV)/bin/pip" install --quiet --disable-pip-version-check $(LAKE_READERS) "$(firstword $(SQL_CLIENTS))" $(wordlist 2,9,$(SQL_CLIENTS)) && \
		touch "$(VENV_STAMP)"; \
	} || { rm -rf "$(VENV)"; echo "SKIPPED: no $(LAKE_READERS) $(SQL_CLIENTS) (python3 with venv and pip is needed), so nobody else reads the lake or asks for SQL"; }

# Tools that ask for SQL, in other languages: drivers of Java, node-postgres, PostgreSQL's ODBC driver without installing it, and a client in
# Go as Grafana's. Tests that need one fail where it is absent.
TOOLS := $(CACHE)/sql-tools
TOOLS_SOURCE := crates/presentation/metrify/tests/program/tools
JARS := org.postgresql:postgresql:42.7.8 com.zaxxer:HikariCP:6.3.0 org.slf4j:slf4j-api:2.0.17 org.apache.arrow:flight-sql-jdbc-driver:18.3.0
ODBC_PACKAGES := odbc-postgresql libodbc2 libodbcinst2 libltdl7 libpq5
PYTHON_TOOLS := SQLAlchemy==2.1.9 psycopg[binary]==3.3.9 psycopg2-binary==2.9.13 pyodbc==5.5.0
stamp = $(TOOLS)/$(1)/$(subst $() ,-,$(subst [binary],,$(subst ==,_,$(subst :,_,$(2))))).stamp
JARS_STAMP := $(call stamp,jars,$(JARS))
ODBC_STAMP := $(call stamp,odbc,$(ODBC_PACKAGES))
PYTHON_TOOLS_STAMP := $(call stamp,python,$(PYTHON_TOOLS))

sql-tools: $(JARS_STAMP) $(ODBC_STAMP) $(PYTHON_TOOLS_STAMP)
	@cmp --silent "$(TOOLS_SOURCE)/node/package.json" "$(TOOLS)/node/package.json" || { \
		rm -rf "$(TOOLS)/node" && npm install --prefix "$(TOOLS)/node" --silent --no-package-lock --no-audit --no-fund --ignore-scripts \
			$$(node -p 'Object.entries(require("./$(TOOLS_SOURCE)/node/package.json").dependencies).map((at) => at.join("@")).join(" ")') && \
		cp "$(TOOLS_SOURCE)/node/package.json" "$(TOOLS)/node/package.json"; }
	@javac -d "$(TOOLS)/classes" -cp "$(TOOLS)/jars/*" $(TOOLS_SOURCE)/java/*.java
	@cd "$(TOOLS_SOURCE)/grafana" && CGO_ENABLED=0 GOPATH="$(TOOLS)/go" GOFLAGS=-modcacherw go build -o "$(TOOLS)/grafana" .

$(JARS_STAMP):
	@rm -rf "$(@D)" && mkdir -p "$(@D)"
	@for jar in $(JARS); do mvn --quiet --batch-mode dependency:copy -Dartifact=$$jar -DoutputDirectory="$(@D)" || exit 1; done
	@touch "$@"

# Into a folder of ours: what is installed on the machine stays as it is.
$(ODBC_STAMP):
	@rm -rf "$(@D)" && mkdir -p "$(@D)/packages"
	@cd "$(@D)/packages" && { apt-get download --quiet=2 $(ODBC_PACKAGES) || { apt-get update --quiet=2 && apt-get download --quiet=2 $(ODBC_PACKAGES); }; }
	@for package in "$(@D)"/packages/*.deb; do dpkg-deb --extract "$$package" "$(@D)" || exit 1; done
	@touch "$@"

$(PYTHON_TOOLS_STAMP):
	@python3 -m venv --clear "$(@D)" && "$(@D)/bin/pip" install --quiet --disable-pip-version-check $(foreach tool,$(PYTHON_TOOLS),"$(tool)")
	@touch "$@"

# An issuer of tokens (OpenID Connect) that others wrote: tests start it, and skip visibly where it is absent.
ISSUER := $(CACHE)/issuer
ISSUER_PACKAGE := crates/infrastructure/identity/tests/identity/issuer/package.json

issuer:
	@cmp --silent "$(ISSUER_PACKAGE)" "$(ISSUER)/installed.json" || { \
		rm -rf "$(ISSUER)" && mkdir -p "$(ISSUER)" && cp "$(ISSUER_PACKAGE)" "$(ISSUER)" && \
		npm install --prefix "$(ISSUER)" --silent --no-package-lock --no-audit --no-fund --ignore-scripts && \
		cp "$(ISSUER_PACKAGE)" "$(ISSUER)/installed.json"; \
	} || { rm -rf "$(ISSUER)"; echo "SKIPPED: no oidc-provider (node and npm are needed), so no real issuer is read"; }
