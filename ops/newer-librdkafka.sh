#!/usr/bin/env bash
# Prints the path of a newer librdkafka than Debian's, of a Python package: the tests start workers with it
# (LECTERN_TEST_RDKAFKA), since people run Lectern with whichever they have. Run from anywhere.
#
# Needs Python's pip, which ops/bootstrap-tests.sh installs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Pinned, so that a new release breaks nobody's tests; raise it by hand.
package=confluent-kafka==2.16.1
folder=$PWD/.build/librdkafka
find_library() { find "$folder" -name 'librdkafka*.so*' 2>/dev/null | head -1; }
if [ -z "$(find_library)" ]; then
  rm -rf "$folder"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --target "$folder" \
    "$package" >&2
fi
library=$(find_library)
[ -n "$library" ] || { echo "newer-librdkafka: $package holds no librdkafka" >&2; exit 1; }
echo "$library"
