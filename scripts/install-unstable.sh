#!/usr/bin/env bash
# Unpacks servers that only Debian's unstable suite has, beside the machine's own packages, without root, each with the C library that it was
# built for. From the archive that this machine's apt uses, checked by the same keys. Where that cannot be had it says SKIPPED and succeeds.
#   scripts/install-unstable.sh MYSQL TIMESCALE POSTGRES
# MYSQL:     the folder for MySQL: bin/mysqld runs it; data is a fresh data folder, for tests to copy.
# TIMESCALE: the folder for a copy of POSTGRES (a tree with bin, lib, share of major version 18) with Timescale in it.
set -euo pipefail
mysql=${1:?usage: install-unstable.sh MYSQL TIMESCALE POSTGRES}
timescale=${2:?usage: install-unstable.sh MYSQL TIMESCALE POSTGRES}
postgres=${3:?usage: install-unstable.sh MYSQL TIMESCALE POSTGRES}
[ -x "$mysql/bin/mysqld" ] && [ -x "$timescale/bin/postgres" ] && exit

skip() {
  echo "SKIPPED: MySQL and Timescale are not installed, as $1; their tests will be skipped" >&2
  exit 0
}
keys=/usr/share/keyrings/debian-archive-keyring.gpg
archive=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
  awk -F '|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" { print $4; exit }') || true
[ -n "$archive" ] || skip "apt has no archive of Debian here"
[ -e "$keys" ] || skip "there is no $keys (package debian-archive-keyring)"

work=$(mktemp -d)
trap 'rm -rf "$work" "$mysql.part" "$timescale.part"' EXIT
chmod 755 "$work"
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
: >"$work/status"
echo "deb [signed-by=$keys] $archive unstable main" >"$work/sources"
# An apt with nothing installed, so that all that a package needs comes with it.
unstable() {
  apt-get -qq -o "Dir::State=$work/state" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache" \
    -o "Dir::Etc::SourceList=$work/sources" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
    -o Dir::Etc::PreferencesParts=/dev/null -o APT::Install-Recommends=false -o Acquire::Languages=none \
    -o Acquire::Retries=3 -o "APT::Sandbox::User=$(id -un)" -o Debug::NoLocking=1 "$@" >&2
}
# Unpacks the packages that were downloaded into a folder.
unpack() {
  local package
  for package in "$work"/cache/archives/*.deb "$work"/*.deb; do
    if [ -e "$package" ]; then dpkg-deb -x "$package" "$1" && rm "$package"; fi
  done
}
# The loader in an unpacked tree; the libraries lie beside it.
loader() { find "$1" -path '*/lib/*/ld-linux*.so.*' | head -1; }
# A program that runs another with the loader beside it, and has its own name: FILE LIBRARIES PROGRAM, both below the folder above FILE's.
runner() {
  local name
  name=$(basename "$(loader "$work/libc")")
  cat >"$1" <<END
#!/bin/sh
here=\$(cd "\$(dirname "\$(readlink -f "\$0")")/.." && pwd)
exec "\$here/$2/$name" --library-path "\$here/$2" --argv0 "\$here/bin/$(basename "$1")" "\$here/$3" "\$@"
END
  chmod 755 "$1"
}
unstable update || skip "its archive of Debian has no suite unstable"
(cd "$work" && unstable download libc6) || skip "the archive gives no libc6"
unpack "$work/libc"

if [ ! -x "$mysql/bin/mysqld" ]; then
  echo "installing MySQL into $mysql" >&2
  unstable install --download-only -y mysql-server-core || skip "the archive gives no mysql-server-core"
  unpack "$work/mysql"
  libraries=$(dirname "$(loader "$work/mysql")")
  tree=$mysql.part
  rm -rf "$tree"
  mkdir -p "$tree/bin" "$tree/libraries" "$tree/lib" "$tree/share"
  cp -a "$work/mysql/usr/sbin/mysqld" "$tree/lib/mysqld"
  cp -a "$work/mysql/usr/share/mysql/english" "$work/mysql/usr/share/mysql/charsets" "$tree/share/"
  cp -a "$work/mysql/usr/lib/mysql/plugin" "$tree/lib/"
  rm -f "$tree"/lib/plugin/*telemetry*
  # Only the libraries that are loaded, of some hundred megabytes.
  cp "$(loader "$work/mysql")" "$tree/libraries/"
  for program in "$tree/lib/mysqld" "$tree"/lib/plugin/*.so; do
    "$(loader "$work/mysql")" --library-path "$libraries" --list "$program" 2>/dev/null || true
  done | awk -v below="$libraries/" 'index($3, below) == 1 { print $3 }' | sort -u | xargs -I{} cp -L {} "$tree/libraries/"
  runner "$tree/bin/mysqld" libraries lib/mysqld
  "$tree/bin/mysqld" --no-defaults --initialize-insecure --user="$(id -un)" --basedir="$tree" --datadir="$tree/data" \
    --lc-messages-dir="$tree/share" --character-sets-dir="$tree/share/charsets" --plugin-dir="$tree/lib/plugin" --tmpdir="$work" \
    --innodb-redo-log-capacity=8M >"$work/log" 2>&1 || { cat "$work/log" >&2; skip "its MySQL does not run on this machine"; }
  "$tree/bin/mysqld" --no-defaults --version >&2
  chmod -R a+rX "$tree"
  rm -rf "$mysql"
  mv "$tree" "$mysql"
fi

if [ ! -x "$timescale/bin/postgres" ]; then
  echo "installing Timescale into $timescale" >&2
  (cd "$work" && unstable download postgresql-18-timescaledb) || skip "the archive gives no postgresql-18-timescaledb"
  unpack "$work/timescale"
  tree=$timescale.part
  rm -rf "$tree"
  mkdir -p "$(dirname "$tree")"
  cp -a "$postgres" "$tree"
  rm -rf "$tree/include"
  cp -a "$work"/timescale/usr/lib/postgresql/18/lib/timescaledb*.so "$tree/lib/"
  extensions=$(dirname "$(find "$tree/share" -name plpgsql.control)")
  # The scripts that bring older versions up are a hundred times the extension.
  find "$work/timescale" -path '*/extension/timescaledb*' ! -name 'timescaledb--*--*.sql' -exec cp {} "$extensions/" \;
  # It asks for a newer C library than this machine's may be: the server gets that one, and all else of the machine.
  mkdir "$tree/libraries"
  cp -L "$(dirname "$(loader "$work/libc")")"/*.so.* "$tree/libraries/"
  mv "$tree/bin/postgres" "$tree/lib/postgres"
  runner "$tree/bin/postgres" libraries lib/postgres
  chmod -R a+rX "$tree"
  "$tree/bin/postgres" --version >&2 || skip "its Postgres does not run on this machine"
  rm -rf "$timescale"
  mv "$tree" "$timescale"
fi
