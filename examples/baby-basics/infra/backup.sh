#!/usr/bin/env bash
# backup.sh [dev|prod]: dump the database to /opt/backups/daily-YYYY-MM-DD.sql. By cron, every day at 3:00:
#   0 3 * * * /opt/baby-basics/infra/backup.sh >> /opt/backups/backup.log 2>&1
source "$(dirname "${BASH_SOURCE[0]}")/entry.sh"

log=$BACKUP_DIR/backup.log
mkdir -p "$BACKUP_DIR"
touch "$log"
if [[ /dev/stdout -ef $log ]]; then
  main backup "$@" # cron's entry writes the log already
else
  (main backup "$@") 2>&1 | tee -a "$log"
fi
