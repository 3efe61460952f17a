#!/usr/bin/env bash
# Installs the Debian packages that Lectern builds on and runs with; quick when nothing is missing.
# Usage: ops/bootstrap.sh [--check] [PACKAGE...]     also the PACKAGEs; --check only names what is missing, and exits 1
# if anything is
set -euo pipefail

packages=(
  make g++                                                            # the one C++ target, and make itself
  librdkafka-dev                                                      # Kafka
  libpq-dev postgresql                                                # PostgreSQL: client library and server
  libdnnl-dev                                                         # oneDNN: inference and training
  libopencv-features2d-dev libopencv-objdetect-dev opencv-data        # SIFT, face detection and its cascades
  libjpeg62-turbo-dev libspng-dev                                     # JPEG and PNG
  libmicrohttpd-dev                                                   # HTTP
  libssl-dev                                                          # HMAC and SHA-256
  util-linux procps                                                   # setpriv for child processes
)

if ! command -v swift >/dev/null; then
  echo "bootstrap: no 'swift' on the PATH. Install Swift 6.2 or newer for Debian 12 (swift.org/install) and run this again." >&2
  exit 1
fi

only_check=false
if [ "${1:-}" = --check ]; then only_check=true && shift; fi
packages+=("$@")

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if $only_check; then
  printf '%s\n' "${missing[@]}"
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "bootstrap: missing ${missing[*]}; ask an administrator to run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "bootstrap: installing ${missing[*]}" >&2
# PostgreSQL's package would start a cluster of its own; Lectern never uses it, so leave the machine as it was.
created=/etc/postgresql-common/createcluster.conf
if [ ! -e "$created" ]; then
  "${as_root[@]}" mkdir -p "$(dirname "$created")"
  echo "create_main_cluster = false" | "${as_root[@]}" tee "$created" >/dev/null
fi
"${as_root[@]}" apt-get -q update >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
  -o Dpkg::Options::=--force-confold "${missing[@]}" >&2
