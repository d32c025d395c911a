#!/usr/bin/env bash
# rollback.sh [dev|prod]: back to the previous deployment, code and data.
source "$(dirname "${BASH_SOURCE[0]}")/entry.sh"
main rollback "$@"
