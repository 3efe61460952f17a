#!/usr/bin/env bash
# Compiles the target OneDNN against the headers of oneDNN 3, whose names differ from those of Debian's oneDNN 2: all of
# them stand in Sources/COneDNN/version.h. Nothing is linked or run; run from anywhere.
#
# Needs Python's pip, which ops/bootstrap-tests.sh installs. LECTERN_ONEDNN3_HEADERS: a folder that holds
# oneapi/dnnl/dnnl.h of version 3, instead of those from pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Pinned, so that a new release breaks nobody's check; raise it by hand.
package=onednn-devel==2026.1.0
build=.build/onednn3
headers=${LECTERN_ONEDNN3_HEADERS:-$build/headers/include}
if [ ! -f "$headers/oneapi/dnnl/dnnl.h" ]; then
  rm -rf "$build/headers"
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$build/headers" "$package"
fi
headers=$(cd "$headers" && pwd)
major=$(sed -n 's/^#define DNNL_VERSION_MAJOR \([0-9]*\)$/\1/p' "$headers/oneapi/dnnl/dnnl_version.h")
[ "${major:-0}" -ge 3 ] || { echo "check-onednn3: $headers holds version ${major:-?}, not 3" >&2; exit 1; }

# Before the system's headers on the search path.
swift build --scratch-path "$build" --explicit-target-dependency-import-check error \
  -Xcc "-I$headers" -Xcc -DLECTERN_ONEDNN_EXPECTED="$major" --target OneDNN
echo "check-onednn3: OneDNN compiles against the headers of version $major"
