#!/usr/bin/env bash
# Proves that the Debian package installs and runs where there is no Swift: in a fresh Debian 12, by apt, with what it
# depends on and nothing that it recommends.
#
#   ops/try-package.sh [--keep] [PACKAGE]     default: a package of the built program, made twice and compared
#
# Tried are the commands that need no server, a picture's recognition, the units (systemd-analyze verify), an upgrade
# over edited settings, removal and purge; then the steps of ops/Containerfile in a system of their own, since no
# container engine is needed here: the image's program as its user and as process 1. Each check is a line; it ends with
# 1 at the first that fails. --keep leaves the root file systems where they are and prints their folder.
#
# Needs root, a Debian mirror as apt knows it here, and about 3 GB under ${TMPDIR:-/var/tmp}. Where lintian is
# installed it judges the package too. All mounts and processes live in namespaces of the script's own and end with it,
# also when it is interrupted.
set -euo pipefail

# shellcheck source=ops/fresh-debian.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/fresh-debian.sh"
repository=$(dirname "$(dirname "$script")")

# MARK: Checks

# Runs a command for whether it succeeds; what it printed is shown where it does not.
check() {
  local what=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    say "ok    $what"
  else
    sed 's/^/  | /' "$work/output" >&2
    die "FAILED  $what"
  fi
}

# Whether a command in the system, as a user, ends with 0.
check_in() { check "$1" in_system "$root" "$2" "$3"; }

refused() { ! "$@"; }

# Installs or upgrades to a package; settings that the operator edited are kept, which apt asks about on a terminal.
install_package() {
  cp "$1" "$root/tmp/lectern.deb"
  in_system "$root" root "DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold /tmp/lectern.deb"
}

# The package as a later version would be: its samples have a line more.
make_next() {
  local tree=$work/next file
  dpkg-deb -R "$1" "$tree"
  sed -i '/^Version:/s/-1$/+next-1/' "$tree/DEBIAN/control"
  for file in "$tree"/etc/lectern/*.env; do echo '# A line of the next version.' >>"$file"; done
  dpkg-deb --build --root-owner-group "$tree" "$2"
}

# What has lectern in its name, beside logs, caches and what a kernel shows.
remains() {
  local below
  below=" $root/proc $root/dev $root/tmp $root/var/log $root/var/cache"
  find "$root" \( -false ${below// / -o -path } \) -prune -o -name '*lectern*' -printf '/%P\n' | sort
}

# MARK: The package

try_package() {
  local next=$work/next.deb file
  root=$work/system
  cp -a "$work/base" "$root"
  mount_system "$root"
  in_system "$root" root "useradd --create-home --shell /bin/bash ordinary"
  check "it installs" install_package "$package"
  check_in "the program finds its libraries, and no Swift is here" ordinary \
    "ldd /usr/bin/lectern && ! ldd /usr/bin/lectern | grep -E 'not found|swift'"
  check_in "lectern --version" ordinary "lectern --version | grep -E '^lectern [0-9.]+$'"
  check_in "lectern --help" ordinary "lectern --help | grep -F 'Usage: lectern'"
  check_in "lectern config" ordinary "lectern config | grep -F LECTERN_POSTGRES_URL"
  # Where only workers run there is no PostgreSQL, which the demonstration alone starts by itself.
  check_in "lectern doctor misses nothing but PostgreSQL's programs" ordinary \
    "lectern doctor | tee doctor
      grep -E '^ok +decoder' doctor && ! grep -Ev '^(ok|note|  )|^[A-Z]+ +postgresql ' doctor"
  cp "$repository/docs/images/report.png" "$root/home/ordinary"
  check_in "lectern classify, with OpenCV's cascades and an untrained network" ordinary \
    "lectern classify report.png --untrained"
  check_in "completion by bash" ordinary ". /usr/share/bash-completion/completions/lectern && complete -p lectern"

  check_in "a user without a home and a shell" root \
    "getent passwd lectern | grep -E ':/nonexistent:/usr/sbin/nologin$' && ! test -e /nonexistent"
  check_in "settings for root and the group" root "ls -l /etc/lectern && test \"\$(stat -c %a:%U:%G /etc/lectern \
    /etc/lectern/*.env | sort -u | tr '\n' ' ')\" = '640:root:lectern 750:root:lectern '"
  for file in worker aggregate serve; do
    check_in "the programs read $file.env" root \
      "setpriv --reuid lectern --regid lectern --clear-groups lectern config --config /etc/lectern/$file.env"
  done
  check_in "systemd, to judge units" root \
    "DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends systemd"
  check_in "systemd-analyze verify" root \
    "systemd-analyze verify --man=no /lib/systemd/system/lectern-*.service 2>&1 | tee verify
      test \${PIPESTATUS[0]} -eq 0 && ! grep lectern verify"
  check_in "the pages that units name" root \
    "sed -n 's/^Documentation=file://p' /lib/systemd/system/lectern-*.service | xargs ls -l"
  check_in "nothing is enabled" root "! find /etc/systemd -name '*lectern*' | grep ."

  check "a later version, with another sample" make_next "$package" "$next"
  in_system "$root" root "echo LECTERN_RECOGNITION_STREAMS=2 >>/etc/lectern/worker.env && \
    cp -p /etc/lectern/worker.env mine && chmod 600 /etc/lectern/worker.env"
  check "it is an upgrade" install_package "$next"
  check_in "which was configured" root \
    "dpkg-query -W -f '\${Version} \${db:Status-Status}' lectern | grep -F '+next-1 installed'"
  check_in "edited settings stay, their mode too" root \
    "cmp mine /etc/lectern/worker.env && test \"\$(stat -c %a:%U:%G /etc/lectern/worker.env)\" = 600:root:lectern"
  check_in "the new sample lies beside them" root "grep 'next version' /etc/lectern/worker.env.dpkg-dist"
  check_in "settings as they came are the new sample" root "grep 'next version' /etc/lectern/serve.env && \
    test \"\$(stat -c %a:%U:%G /etc/lectern/serve.env)\" = 640:root:lectern"

  check_in "removal" root "DEBIAN_FRONTEND=noninteractive apt-get -q remove -y lectern && ! test -e /usr/bin/lectern"
  check_in "leaves settings" root "cmp mine /etc/lectern/worker.env"
  check_in "it installs again, with the settings of before" root "DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
    --no-install-recommends -o Dpkg::Options::=--force-confold /tmp/lectern.deb && cmp mine /etc/lectern/worker.env"
  # As if units were enabled and the secret made.
  in_system "$root" root "mkdir -p /etc/systemd/system/multi-user.target.wants && \
    ln -s /lib/systemd/system/lectern-worker.service /etc/systemd/system/multi-user.target.wants && \
    echo secret >/etc/lectern/pseudonym-secret && rm -rf /home/ordinary/.local"
  check_in "purge" root "DEBIAN_FRONTEND=noninteractive apt-get -q purge -y lectern"
  check "leaves the operator's secret and nothing else" test \
    "$(remains) $(ls "$root/etc/lectern")" = "/etc/lectern pseudonym-secret"
  unmount_system "$root"
}

# MARK: The image

# Carries out ops/Containerfile in a system that is like its base: Debian's images leave most of the documentation out.
build_image() {
  local line step="" instruction rest sources place
  root=$work/image image_user=root entry=""
  cp -a "$work/base" "$root"
  printf 'path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\npath-exclude /usr/share/man/*\n' \
    >"$root/etc/dpkg/dpkg.cfg.d/docker"
  mount_system "$root"
  while IFS= read -r line; do
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    step+=$line
    if [[ $step == *\\ ]]; then step=${step%\\} && continue; fi
    read -r instruction rest <<<"$step"
    step=""
    case $instruction in
      FROM) [ "$rest" = debian:12-slim ] || die "ops/Containerfile is of $rest" ;;
      COPY)
        read -ra sources <<<"$rest"
        place=${sources[-1]}
        # shellcheck disable=SC2086
        (cd "$(dirname "$package")" && cp ${rest% *} "$root$place")
        ;;
      RUN) check "RUN ${rest:0:80}…" chroot "$root" env -i PATH="$path" /bin/sh -c "$rest" ;;
      USER) image_user=$rest ;;
      ENTRYPOINT) entry=${rest//[\[\]\"]/} ;;
      *) die "ops/Containerfile: $instruction is not known here" ;;
    esac
  done <"$repository/ops/Containerfile"
}

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Runs a command in the image as its user, with these variables before it.
in_image() { chroot --userspec="$image_user" "$root" env -i PATH="$path" "$@" </dev/null; }

try_image() {
  local container program="" url="" probe status=0
  build_image
  check "the image's user is not root" test "$(in_image id -u)" -ne 0
  check "the image holds no package and no lists" test -z "$(find "$root/tmp" "$root/var/lib/apt/lists" -mindepth 1)"
  check "lectern --version in the image" in_image "$entry" --version
  check "lectern config in the image" in_image "$entry" config
  check "pictures are decoded there in a confined process" bash -c "chroot --userspec='$image_user' '$root' \
    env -i PATH=$path $entry doctor | grep -E '^ok +decoder'"
  # A program that needs no server to come up, as process 1 of a container is started.
  LECTERN_METRICS_LISTEN=127.0.0.1:0 LECTERN_POSTGRES_URL=postgresql://127.0.0.1:1/none \
    unshare --pid --fork --kill-child chroot --userspec="$image_user" "$root" "$entry" aggregate 2>"$work/container" &
  container=$!
  for _ in {1..100}; do
    url=$(sed -n 's|.*health: serving url=http://\([0-9.:]*\)/.*|\1|p' "$work/container")
    [ -z "$url" ] || break
    sleep 0.1
  done
  check "lectern aggregate serves monitors" test -n "$url"
  # The page's own line, for the port that was given.
  probe=$(sed -n 's/^ *test: \["CMD", "bash", "-c", "\(.*\)"\]$/\1/p' "$repository/docs/operations.md" |
    sed -e 's/\$\$/$/g' -e 's/\\\\/\\/g' -e "s|127.0.0.1/910[0-9]|${url/:/\/}|")
  check "docs/operations.md has a probe" grep -F "/dev/tcp/${url/:/\/};" <<<"$probe"
  check "which finds it alive" in_image bash -c "$probe"
  check "and not where nothing listens" refused in_image bash -c "${probe/"${url/:/\/}"/127.0.0.1\/1}"
  # A list without a line's end, at which read fails though it has read.
  read -r program <"/proc/$container/task/$container/children" || [ -n "$program" ] || die "the program has ended"
  check "it is process 1" grep -E '^NSpid:.*[[:space:]]1$' "/proc/$program/status"
  kill -TERM "$program"
  wait "$container" || status=$?
  check "and ends with 0 after SIGTERM" test "$status" -eq 0
  unmount_system "$root"
}

if [ "${1:-}" = --inside ]; then
  work=$2 package=$3
  unpack_debian "$work/base"
  check "apt's lists" chroot "$work/base" apt-get -q update
  try_package
  try_image
  say "all of it passed in $SECONDS s"
  exit
fi

# MARK: Outside

keep=false package=""
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=true && shift ;;
    -h | --help) print_usage && exit ;;
    -*) die "unknown option $1" ;;
    *) package=$(readlink -e "$1") || die "no package at $1"; shift ;;
  esac
done
make_work
if [ -z "$package" ]; then
  package=$("$repository/ops/package.sh" "$work/package")
  again=$("$repository/ops/package.sh" "$work/again")
  check "two runs of ops/package.sh give the same bytes" cmp "$package" "$again"
fi
if command -v lintian >/dev/null; then
  check "lintian finds no error" lintian --allow-root --no-cfg --fail-on error "$package"
fi
run_inside "$package"
