#!/bin/sh
# Installs the Debian packages that building and testing need, where they are missing.
#   mk/install-deps.sh            what `make` and `make test` need
#   mk/install-deps.sh --cross    also what the cross-building test needs
# Without root and without sudo it names what is missing and goes on: the build says what it cannot do.
packages="gcc libc6-dev binutils make re2c lemon libtcc-dev libpcre2-dev libutf8proc-dev libzstd-dev liblz4-dev zlib1g-dev
  libxxhash-dev duktape-dev libcriterion-dev tzdata pkg-config gzip zstd"
[ "${1:-}" = --cross ] && packages="$packages qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"

installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for package in $packages; do
  installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  sudo=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  sudo="sudo -n"
else
  echo "install-deps: not root, so not installed:$missing" >&2
  exit 0
fi
echo "install-deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 && exit 0
# The package lists are old or absent.
$sudo apt-get update -q >/dev/null && $sudo apt-get install -y -q --no-install-recommends $missing >/dev/null
