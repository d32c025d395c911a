#!/bin/sh
# Run by mmdebstrap at two moments. $1 is the root file system, MMDEBSTRAP_HOOK the moment.
set -eu
here=$(dirname "$0")
case "$MMDEBSTRAP_HOOK" in
  setup)
    install -D --mode=644 "$here/slim" "$1/etc/dpkg/dpkg.cfg.d/slim"
    install -D --mode=644 "$here/docker-clean" "$1/etc/apt/apt.conf.d/docker-clean"
    ;;
  customize)
    # mmdebstrap can leave out files itself, but so slowly that removing them afterwards is 10 s quicker.
    find "$1/usr/share/doc" -type f ! -name copyright -delete
    find "$1/usr/share/locale" -mindepth 1 -maxdepth 1 ! -name locale.alias -exec rm -r {} +
    rm -rf "$1/usr/share/man" "$1/usr/share/info" "$1/usr/share/lintian"
    ;;
esac
