#!/usr/bin/env bash
# Makes a Debian package of the built program, for the release of Debian and the kind of processor it was built on.
#
#   ops/package.sh [FOLDER]     default: .build/package; replaces a package that is there, and prints the new one's path
#   ops/package.sh --list       what it takes from the repository and where that goes: a source and a place a line
#
# The version is the program's, followed by the commit's time and name unless that commit is tagged as `v` and the
# version: so the package of a later commit is an upgrade. One program and one commit give the same bytes each time.
# The maintainer is DEBFULLNAME and DEBEMAIL, else the commit's author. Without Git, as in an archive of the sources,
# SOURCE_DATE_EPOCH says the time. Needs dpkg-dev and binutils.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8 TZ=UTC
umask 022
die() { echo "package: $*" >&2; exit 1; }

# What the package holds beside what the program prints (completion scripts) and what is about the package itself.
list() {
  local file
  echo .build/release/lectern /usr/bin/lectern
  for file in ops/systemd/*.service; do echo "$file" "/lib/systemd/system/${file##*/}"; done
  for file in ops/systemd/*.env; do echo "$file" "/etc/lectern/${file##*/}"; done
  echo ops/prometheus/alerts.yml /usr/share/doc/lectern/examples/prometheus/alerts.yml
  echo ops/grafana/operations.json /usr/share/doc/lectern/examples/grafana/operations.json
  echo README.md /usr/share/doc/lectern/README.md
  find docs -type f -not -path '*/__pycache__/*' -not -name '.*' -printf '%p /usr/share/doc/lectern/%P\n' | sort
}

# A file as it reads in the package: pages lie in one folder, and the program beside other packages' programs.
translated() {
  case $1 in
    *.service) sed 's|/usr/local/bin/lectern|/usr/bin/lectern|' "$1" ;;
    *.env) sed 's|docs/\([a-z]*\.md\)|/usr/share/doc/lectern/\1|g' "$1" ;;
    *.md)
      sed -E -e 's#\]\(\.\./ops/systemd\)#](/lib/systemd/system)#g' -e 's#\]\((\.\./)?ops/#](examples/#g' \
        -e 's#(\]\(|src="|srcset=")docs/#\1#g' -e 's#\]\(\.\./README\.md#](README.md#g' "$1"
      ;;
    *) cat "$1" ;;
  esac
}

folder=.build/package
case ${1:-} in
  --list) list && exit ;;
  -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;;
  -*) die "unknown option $1" ;;
  ?*) folder=$1 ;;
esac

# MARK: Which version

program=.build/release/lectern
[ -x "$program" ] || die "$program is not built; run make build"
command -v dpkg-shlibdeps >/dev/null || die "no dpkg-shlibdeps here; install dpkg-dev"
version=$("$program" --version)
version=${version#lectern }
maintainer="${DEBFULLNAME:-} <${DEBEMAIL:-}>"
if [ -e .git ]; then
  export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
  if [ -z "$(git tag --points-at HEAD --list "v$version")" ]; then
    version+="~git$(date -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$(git rev-parse --short=8 HEAD)"
  fi
  [ -z "$(git status --porcelain)" ] || version+=+changed
  maintainer="${DEBFULLNAME:-$(git log -1 --format=%an)} <${DEBEMAIL:-$(git log -1 --format=%ae)}>"
fi
[ -n "${SOURCE_DATE_EPOCH:-}" ] || die "no Git here to say of when this is; set SOURCE_DATE_EPOCH"
[[ $maintainer == ?*' <'?*@?*'>' ]] || die "nobody maintains this package; set DEBFULLNAME and DEBEMAIL"
version+=-1
architecture=$(dpkg --print-architecture)

# MARK: The files

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
while read -r source place; do
  mkdir -p "$root$(dirname "$place")"
  translated "$source" >"$root$place"
  [ ! -x "$source" ] || chmod 755 "$root$place"
done < <(list)
# The kernel and the loader need none of the symbols; whoever debugs has the program of the build.
strip --strip-all --remove-section=.comment --remove-section=.note "$root/usr/bin/lectern"
mkdir -p "$root/var/lib/lectern"
# As the steps of docs/operations.md have it; the group comes when the package is configured.
chmod 750 "$root/etc/lectern"
chmod 640 "$root"/etc/lectern/*.env

complete() { mkdir -p "$root$(dirname "$2")" && "$program" completion "$1" >"$root$2"; }
complete bash /usr/share/bash-completion/completions/lectern
complete zsh /usr/share/zsh/vendor-completions/_lectern
complete fish /usr/share/fish/vendor_completions.d/lectern.fish

doc=$root/usr/share/doc/lectern
cp ops/debian/copyright "$doc/copyright"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
gzip -9n >"$doc/changelog.Debian.gz" <<CHANGES
lectern ($version) bookworm; urgency=medium

  * Made by ops/package.sh; what is new is in changelog.gz.

 -- $maintainer  $(date -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
install -D -m 644 ops/debian/lintian-overrides "$root/usr/share/lintian/overrides/lectern"

# MARK: What is about the package

mkdir -p "$root/DEBIAN" "$work/debian"
install -m 755 ops/debian/postinst ops/debian/prerm ops/debian/postrm "$root/DEBIAN"
(cd "$root" && find etc -type f -printf '/%p\n' | sort) >"$root/DEBIAN/conffiles"
(cd "$root" && find lib usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
printf 'Source: lectern\n\nPackage: lectern\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/lectern)
# Kibibytes, each file and folder rounded up by itself.
size=$(find "$root" -path "$root/DEBIAN" -prune -o \( -type f -printf '%s\n' -o -printf '1\n' \) |
  awk '{ size += int(($1 + 1023) / 1024) } END { print size }')
cat >"$root/DEBIAN/control" <<CONTROL
Package: lectern
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $size
Depends: ${libraries#shlibs:Depends=}, opencv-data, adduser
Recommends: ca-certificates
Suggests: postgresql
Section: science
Priority: optional
Description: learning analytics from consented webcam frames
 Lectern takes webcam frames of online learners from Kafka, recognises six
 learning emotions in them, and stores emotion timelines in PostgreSQL exactly
 once relative to the log. From these it computes figures of each course, which
 leave the database only for cohorts of a minimum size.
 .
 In the European Union, inferring emotions of people in education institutions
 is prohibited (Regulation (EU) 2024/1689, Article 5(1)(f)), and Lectern refuses
 to run there for that. Nothing is started when it is installed.
 .
 Kafka and PostgreSQL are servers elsewhere, or on this machine. The suggested
 postgresql is for the demonstration, which brings its own Kafka.
CONTROL

# MARK: The package

find "$root" -exec touch --no-dereference -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$folder"
rm -f "$folder"/lectern_*_"$architecture".deb
package=$folder/lectern_${version}_$architecture.deb
dpkg-deb --build --root-owner-group "$root" "$package" >/dev/null
echo "$package"
