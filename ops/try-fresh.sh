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

suite=bookworm
script=$(readlink -f "${BASH_SOURCE[0]}")
die() { echo "try-fresh: $*" >&2; exit 1; }
say() { echo "try-fresh: $*"; }

# What swift.org lists for Debian 12, and make.
packages=(
  binutils-gold gcc git libcurl4-openssl-dev libedit-dev libicu-dev libncurses-dev libpython3-dev libsqlite3-dev
  libstdc++-12-dev libxml2-dev pkg-config tzdata uuid-dev make
)

# MARK: Inside the namespaces

# Makes $work/base: Debian with apt as it is configured here, and the packages above.
make_base() {
  local base=$work/base mirror proxy=""
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Created-By: Packages' | head -1)
  [ -n "$mirror" ] || die "apt knows no $suite here; run apt-get update"
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  # Unpacked, not installed: the machine stays as it was.
  (cd "$work" && apt-get -q download debootstrap && dpkg-deb -x debootstrap_*.deb debootstrap) >>"$work/log" 2>&1 \
    || die "apt cannot download debootstrap: $(tail -3 "$work/log")"
  say "unpacking Debian"
  env ${proxy:+"http_proxy=$proxy"} DEBOOTSTRAP_DIR="$work/debootstrap/usr/share/debootstrap" \
    sh "$work/debootstrap/usr/sbin/debootstrap" --variant=minbase "$suite" "$base" "$mirror" >>"$work/log" 2>&1 \
    || die "debootstrap failed: $(tail -3 "$work/log")"
  rm -rf "$base/etc/apt"
  cp -a /etc/apt "$base/etc/apt"
  cp -a /usr/share/keyrings/. "$base/usr/share/keyrings/"
  cp --remove-destination --dereference /etc/resolv.conf /etc/hosts "$base/etc/"
  # Packages start no services in a chroot.
  printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
  chmod 755 "$base/usr/sbin/policy-rc.d"
  say "installing what Swift needs, and make"
  mount_system "$base"
  in_system "$base" root "apt-get -q update && DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends ${packages[*]} sudo" >>"$work/log" 2>&1 \
    || die "apt-get failed in the fresh system: $(tail -5 "$work/log")"
  umount -R "$base/dev" "$base/proc"
}

# Gives a root file system /proc, a small /dev of its own and the toolchain.
mount_system() {
  local root=$1 device
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
}

# Runs a command in a root file system as a user who has just logged in.
in_system() {
  local root=$1 user=$2 command=$3 home
  home=$(awk -F: -v user="$user" '$1 == user { print $6 }' "$root/etc/passwd")
  env -i HOME="$home" USER="$user" LOGNAME="$user" LANG=C.UTF-8 TERM=dumb \
    PATH="$toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    chroot --userspec="$user" "$root" /bin/bash -c "cd && $command" </dev/null
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
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$script" && exit ;;
    -*) die "unknown option $1" ;;
    *) targets+=("$1") && shift ;;
  esac
done
[ ${#targets[@]} -gt 0 ] || targets=(build test)
[ "$(id -u)" -eq 0 ] || die "needs root, to mount and to chroot"
swift=$(command -v swift) || die "no 'swift' on the PATH"
toolchain=$(dirname "$(dirname "$(readlink -f "$swift")")")
[ "$toolchain" != /usr ] || die "this toolchain is installed in /usr itself and cannot be bound into another system"

work=$(mktemp -d "${TMPDIR:-/var/tmp}/try-fresh.XXXXXX")
chmod 755 "$work"
inside=""
finish() {
  trap - EXIT INT TERM
  [ -z "$inside" ] || { kill -KILL "$inside" 2>/dev/null || true; wait "$inside" 2>/dev/null || true; }
  if $keep; then
    say "kept $work"
  else
    # A process of the namespace may take a moment to end.
    rm -rf --one-file-system "$work" 2>/dev/null || { sleep 2 && rm -rf --one-file-system "$work"; }
  fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
  bash "$script" --inside "$work" "$toolchain" "${users[*]}" "${targets[*]}" &
inside=$!
status=0
wait "$inside" || status=$?
inside=""
exit "$status"
