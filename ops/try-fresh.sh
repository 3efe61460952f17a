#!/usr/bin/env bash
# Proves that the README's commands do all the set-up: runs them in a fresh Debian 12 that has Swift and make.
#
#   ops/try-fresh.sh [--user root|ordinary|both] [--keep] [TARGET...]
#
# Each TARGET of the Makefile (default: build test) is made, in the order given, in a clone of HEAD. `root` makes them
# as root, `ordinary` as a user who may use sudo. Each of the two begins with a root file system of its own; by default
# both run, one after the other. --keep leaves the root file systems where they are and prints their folder.
#
# Needs root, a Debian mirror as apt knows it here, and about 12 GB under ${TMPDIR:-/var/tmp}. The Swift toolchain of
# the PATH is bound in, read-only. All mounts and processes live in namespaces of the script's own and end with it, also
# when it is interrupted.
set -euo pipefail

# shellcheck source=ops/fresh-debian.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/fresh-debian.sh"

# What swift.org lists for Debian 12, and make.
packages=(
  binutils-gold gcc git libcurl4-openssl-dev libedit-dev libicu-dev libncurses-dev libpython3-dev libsqlite3-dev
  libstdc++-12-dev libxml2-dev pkg-config tzdata uuid-dev make
)

# MARK: Inside the namespaces

# Makes $work/base: Debian with the packages above.
make_base() {
  local base=$work/base
  unpack_debian "$base"
  say "installing what Swift needs, and make"
  mount_system "$base"
  in_system "$base" root "apt-get -q update && DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends ${packages[*]} sudo" >>"$work/log" 2>&1 \
    || die "apt-get failed in the fresh system: $(tail -5 "$work/log")"
  unmount_system "$base"
}

# Makes the targets as one user, in a copy of the base.
try() {
  local user=$1 root=$work/$1 home target begin
  cp -a "$work/base" "$root"
  [ "$user" = root ] || {
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
    echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
  }
  mount_system "$root"
  mkdir -p "$root$toolchain"
  mount --bind "$toolchain" "$root$toolchain"
  mount -o remount,bind,ro "$root$toolchain"
  home=$(awk -F: -v user="$user" '$1 == user { print $6 }' "$root/etc/passwd")
  git clone -q --no-hardlinks "$(dirname "$(dirname "$script")")" "$root$home/lectern"
  chroot "$root" chown -R "$user:" "$home/lectern"
  for target in "${targets[@]}"; do
    begin=$SECONDS
    if in_system "$root" "$user" "cd lectern && make $target"; then
      results+=("$user: make $target passed in $((SECONDS - begin)) s")
    else
      results+=("$user: make $target FAILED after $((SECONDS - begin)) s")
      return 0
    fi
    say "${results[-1]}"
  done
}

if [ "${1:-}" = --inside ]; then
  work=$2 toolchain=$3
  read -ra users <<<"$4"
  read -ra targets <<<"$5"
  results=()
  make_base
  for user in "${users[@]}"; do try "$user"; done
  printf 'try-fresh: %s\n' "${results[@]}"
  ! grep -q FAILED <<<"${results[*]}"
  exit
fi

# MARK: Outside

users=(root ordinary) keep=false targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --user)
      case ${2:-} in
        root | ordinary) users=("$2") ;;
        both) ;;
        *) die "--user is root, ordinary or both" ;;
      esac
      shift 2
      ;;
    --keep) keep=true && shift ;;
    -h | --help) print_usage && exit ;;
    -*) die "unknown option $1" ;;
    *) targets+=("$1") && shift ;;
  esac
done
[ ${#targets[@]} -gt 0 ] || targets=(build test)
swift=$(command -v swift) || die "no 'swift' on the PATH"
toolchain=$(dirname "$(dirname "$(readlink -f "$swift")")")
[ "$toolchain" != /usr ] || die "this toolchain is installed in /usr itself and cannot be bound into another system"

make_work
run_inside "$toolchain" "${users[*]}" "${targets[*]}"
