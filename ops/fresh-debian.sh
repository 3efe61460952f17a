# shellcheck shell=bash
# What the scripts ops/try-*.sh share, which source it: fresh root file systems of Debian 12, in namespaces of the
# script's own, so that all mounts and processes end with it, also when it is interrupted. Such a script calls
# `run_inside`, which starts it once more with `--inside` and the folder to work in.

suite=bookworm
script=$(readlink -f "$0")
script_name=$(basename "$script" .sh)
die() { echo "$script_name: $*" >&2; exit 1; }
say() { echo "$script_name: $*"; }
print_usage() { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$script"; }

# Makes a root file system under $work: a small Debian, with apt as it is configured here.
unpack_debian() {
  local base=$1 mirror proxy=""
  # shellcheck disable=SC2016
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
}

# Gives a root file system /proc and a small /dev of its own.
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

unmount_system() { umount -R "$1/dev" "$1/proc"; }

# Runs a command in a root file system as a user who has just logged in, with the toolchain where one is bound in.
in_system() {
  local root=$1 user=$2 command=$3 home
  home=$(awk -F: -v user="$user" '$1 == user { print $6 }' "$root/etc/passwd")
  env -i HOME="$home" USER="$user" LOGNAME="$user" LANG=C.UTF-8 TERM=dumb \
    PATH="${toolchain:+$toolchain/bin:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    chroot --userspec="$user" "$root" /bin/bash -c "cd && $command" </dev/null
}

inside=""
finish() {
  trap - EXIT INT TERM
  [ -z "$inside" ] || { kill -KILL "$inside" 2>/dev/null || true; wait "$inside" 2>/dev/null || true; }
  if ${keep:-false}; then
    say "kept $work"
  else
    # A process of the namespace may take a moment to end.
    rm -rf --one-file-system "$work" 2>/dev/null || { sleep 2 && rm -rf --one-file-system "$work"; }
  fi
}

# Makes $work, which goes when the script ends, unless $keep is true.
make_work() {
  [ "$(id -u)" -eq 0 ] || die "needs root, to mount and to chroot"
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/$script_name.XXXXXX")
  chmod 755 "$work"
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Runs the script in the namespaces, with these arguments behind $work; its exit status is this one's.
run_inside() {
  local status=0
  unshare --mount --pid --fork --kill-child --mount-proc --propagation private bash "$script" --inside "$work" "$@" &
  inside=$!
  wait "$inside" || status=$?
  inside=""
  return "$status"
}
