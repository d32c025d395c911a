#!/usr/bin/env bash
# deploy.sh [dev|prod]: put the newest commit of the environment's branch live, or leave everything as it was.
source "$(dirname "${BASH_SOURCE[0]}")/entry.sh"
main deploy "$@"
