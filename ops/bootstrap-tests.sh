#!/usr/bin/env bash
# Installs what some integration tests use beside Lectern's own packages: other programs that judge what Lectern says.
# Nothing here is needed to build, to run or for `make demo`; a test whose tool is missing is skipped and says so.
set -euo pipefail

packages=(
  kcat python3-confluent-kafka      # the producers of docs/events, and the checker
  python3-psycopg                   # the checker of fault tests
  python3-jsonschema                # a judge of the JSON Schemas
  openssl                           # certificates of a test's own broker
)

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
promtool=/usr/local/bin/promtool
if [ ${#missing[@]} -gt 0 ] || ! command -v promtool >/dev/null; then
  "${as_root[@]}" apt-get -q update >&2
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "bootstrap-tests: installing ${missing[*]}" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >&2
fi
# promtool comes with the package prometheus, which would start a server on every boot: only the one program is taken out.
if ! command -v promtool >/dev/null; then
  echo "bootstrap-tests: taking promtool out of the package prometheus" >&2
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  (cd "$folder" && apt-get -q download prometheus >&2 && dpkg-deb -x prometheus_*.deb .)
  "${as_root[@]}" install -m 755 "$folder/usr/bin/promtool" "$promtool"
fi
