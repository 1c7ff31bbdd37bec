#!/usr/bin/env bash
# Fails unless HOST proves that it runs what MANIFEST says, and MANIFEST is still the file whose SHA-256 was pinned:
#
#   verify-in-ci.sh HOST MANIFEST SHA256 [--simulation]
#
# Run it in a folder where npm finds the `blindai` command. No data is sent. The exit status is that of
# `blindai verify`: 0 accepted, 2 refused, anything else means that nothing is known about the server.
set -euo pipefail

if [ $# -lt 3 ] || [ $# -gt 4 ] || [ "${4:---simulation}" != --simulation ]; then
  echo 'Usage: verify-in-ci.sh HOST MANIFEST SHA256 [--simulation]' >&2
  exit 64
fi

status=0
npx --no-install blindai verify "$1" --manifest "$2" --manifest-sha256 "$3" "${@:4}" || status=$?
case $status in
  0) echo 'The server runs what the pinned manifest says.' ;;
  2) echo 'Refused: the server or the manifest has changed. Send it no data until somebody has approved the change.' >&2 ;;
  *) echo 'Not verified: nothing is known about the server.' >&2 ;;
esac
exit "$status"
