#!/usr/bin/env bash
# Installs what tests use beside Lectern's own packages: other programs that judge what Lectern says. `make test` runs
# it after ops/bootstrap.sh; nothing here is needed to build, to run or for `make demo`. Quick when nothing is missing.
set -euo pipefail

packages=(
  kcat python3-confluent-kafka      # the producers of docs/events, and the checker
  python3-psycopg                   # the checker of fault tests
  python3-jsonschema                # a judge of the JSON Schemas
  openssl                           # certificates of a test's own broker
  libevent-2.1-7 libc-ares2         # PgBouncer's
)
# An Apache Kafka runs on Java; without one to start (see LocalKafka in Tests/TestSupport) there is no use for it.
if [ -n "${LECTERN_TEST_KAFKA:-}" ] && ! command -v java >/dev/null; then
  packages+=(openjdk-17-jre-headless)
fi
# The headers of oneDNN 3 come by pip, see ops/check-onednn3.sh.
python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
# Servers whose packages would start one on every boot: only a program of each is taken.
programs=()
command -v promtool >/dev/null || programs+=(prometheus:usr/bin/promtool)
command -v pgbouncer >/dev/null || programs+=(pgbouncer:usr/sbin/pgbouncer)
if [ ${#missing[@]} -eq 0 ] && [ ${#programs[@]} -eq 0 ]; then exit; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "bootstrap-tests: missing ${missing[*]} ${programs[*]##*/}; ask an administrator to run ops/bootstrap-tests.sh" >&2
    exit 1
  fi
  as_root=(sudo)
fi
"${as_root[@]}" apt-get -q update >&2
if [ ${#missing[@]} -gt 0 ]; then
  echo "bootstrap-tests: installing ${missing[*]}" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >&2
fi
for program in "${programs[@]}"; do
  package=${program%%:*} file=${program#*:}
  echo "bootstrap-tests: taking $(basename "$file") out of the package $package" >&2
  folder=$(mktemp -d)
  (cd "$folder" && apt-get -q download "$package" >&2 && dpkg-deb -x "$package"_*.deb .)
  "${as_root[@]}" install -m 755 "$folder/$file" "/usr/local/bin/$(basename "$file")"
  rm -rf "$folder"
done
