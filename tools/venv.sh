#!/usr/bin/env bash
# Makes or updates .venv from a lock file with hashes: tools/venv.sh requirements/dev.lock
# As root on Debian a missing python3-venv is installed; otherwise the message says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  say "需要 Python 3.11 或更新版本 (PYTHON=… 可指定)。 Python 3.11 or later is needed; name one with PYTHON=…"
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "安装 python3-venv … installing python3-venv"
    apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv >/dev/null
  else
    say "请安装 (install it): apt-get install python3-venv"
    exit 1
  fi
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
say "安装 $lock … installing"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
cat > .venv/bin/heyi <<EOF
#!/bin/sh
PYTHONPATH='$PWD' exec '$PWD/.venv/bin/python' -m deploy.cli "\$@"
EOF
chmod 755 .venv/bin/heyi
