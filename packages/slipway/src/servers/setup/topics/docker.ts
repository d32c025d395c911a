import type { Control, Situation, Topic } from '../topic.ts'

/** Docker Engine with Compose v2 and buildx: from Docker's own repository, else from the distribution. */
export const dockerEngine: Topic = {
  id: 'docker',
  title: 'Docker',
  risk: 'none',
  script: installScript,
  controls: [
    {
      id: 'docker.engine',
      title: 'Docker Engine',
      why: 'It runs the apps.',
      found: `if is_installed docker-ce || is_installed docker.io; then echo installed; else echo missing; fi`,
      wanted: 'installed',
    },
    {
      id: 'docker.compose',
      title: 'Compose v2',
      why: 'Releases are Compose projects, and Compose v1 does not understand them.',
      found: `docker compose version --short 2>/dev/null | sed -n 's/^v\\{0,1\\}\\([0-9]*\\)\\..*/\\1/p' | awk '{ print ($1 >= 2) ? "v2 or newer" : "v" $1 }' | grep . || echo missing`,
      wanted: 'v2 or newer',
    },
    {
      id: 'docker.buildx',
      title: 'buildx',
      why: 'Compose builds images with it.',
      found: `if docker buildx version >/dev/null 2>&1; then echo installed; else echo missing; fi`,
      wanted: 'installed',
    },
    {
      id: 'docker.boot',
      title: 'starts with the server',
      why: 'After a power cut nobody should have to log in.',
      found: `systemctl is-enabled docker.service || true`,
      wanted: 'enabled',
    },
    {
      id: 'docker.answers',
      title: 'answers',
      why: 'An engine that is installed and does not run deploys nothing.',
      found: `if docker version >/dev/null 2>&1; then echo yes; else echo no; fi`,
      wanted: 'yes',
    },
  ],
}

/** The key that signs Docker's packages. When Docker changes it, this must change too: better than to trust any key. */
const vendorKey = '1500c1f56fa9e26b9b8f42452a553675796ade0807cdce11975eb98170b3a570'

/** An engine that is there is kept, whoever made its packages. */
function installScript({ facts: { system, codename } }: Situation): string {
  const vendor = `https://download.docker.com/linux/${system}`
  return `set -eu
from_vendor() {
  curl -fsS --connect-timeout 5 --max-time 20 --output /dev/null ${vendor}/dists/${codename}/Release 2>/dev/null || return 1
  install -d -m 755 /etc/apt/keyrings
  curl -fsS --max-time 20 --output /etc/apt/keyrings/docker.asc.new ${vendor}/gpg
  if ! echo "${vendorKey}  /etc/apt/keyrings/docker.asc.new" | sha256sum --check --quiet >/dev/null 2>&1; then
    rm -f /etc/apt/keyrings/docker.asc.new
    echo 'The key of ${vendor} is not the known one: nothing is installed from there.' >&2
    return 2
  fi
  mv /etc/apt/keyrings/docker.asc.new /etc/apt/keyrings/docker.asc
  chmod 644 /etc/apt/keyrings/docker.asc
  echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] ${vendor} ${codename} stable" > /etc/apt/sources.list.d/docker.list
  apt_get update
  apt_get install --yes --no-install-recommends docker-ce docker-ce-cli containerd.io docker-compose-plugin docker-buildx-plugin
}
first_of() { for name in "$@"; do if apt-cache show "$name" >/dev/null 2>&1; then echo "$name"; return; fi; done; }
from_distribution() {
  apt_update
  names=docker.io
  command -v docker >/dev/null || names="$names $(first_of docker-cli)"
  apt_get install --yes --no-install-recommends $names
  docker compose version >/dev/null 2>&1 || plugin compose docker-compose-v2
  docker buildx version >/dev/null 2>&1 || plugin buildx docker-buildx
}
# Where a package of that name is Compose v2 (Ubuntu; Debian 13) it is installed. Debian 12 has none: there the plugin of
# Debian 13 is taken, checked by apt like any package, and only unpacked.
plugin() {
  name=$(first_of "$2")
  if [ -z "$name" ] && apt-cache show "docker-$1" 2>/dev/null | grep -Eq '^Version: (0|2|5)\\.'; then name=docker-$1; fi
  if [ -n "$name" ]; then apt_get install --yes --no-install-recommends "$name"; return; fi
  mirror=$(apt-get indextargets --format '$(CREATED_BY) $(ORIGIN) $(CODENAME) $(REPO_URI)' | awk '$1 == "Packages" && $2 == "Debian" && $3 == "${codename}" { print $4; exit }')
  work=$(mktemp -d /var/tmp/slipway-plugin.XXXXXX)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/files"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$work/sources.list"
  separate="-o Dir::Etc::sourcelist=$work/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists=$work/lists -o Dir::Cache=$work/cache -o APT::Sandbox::User=root"
  apt_get $separate update
  (cd "$work" && apt_get $separate download "docker-$1" && dpkg-deb --extract docker-"$1"_*.deb files)
  install -D -m 755 "$work/files/usr/libexec/docker/cli-plugins/docker-$1" "/usr/local/lib/docker/cli-plugins/docker-$1"
  rm -rf "$work"
}
if is_installed docker-ce; then
  apt_update
  apt_get install --yes --no-install-recommends docker-compose-plugin docker-buildx-plugin
elif is_installed docker.io; then from_distribution
else
  from_vendor || { [ $? = 1 ] && from_distribution; }
fi
systemctl enable --quiet docker.service
systemctl start docker.service
`
}

const engineLog = { driver: 'local', size: '20m', files: '5' }

export const dockerSettings: Topic = {
  id: 'docker-settings',
  title: 'Docker settings',
  risk: 'none',
  script: () => `set -eu
install -d -m 755 /etc/docker
python3 - <<'END'
import json, os
path = '/etc/docker/daemon.json'
settings = json.load(open(path)) if os.path.exists(path) and os.path.getsize(path) else {}
settings['live-restore'] = True
if settings.get('log-driver') != '${engineLog.driver}':
    settings['log-driver'] = '${engineLog.driver}'
    settings['log-opts'] = {}
settings['log-opts'] = {**settings.get('log-opts', {}), 'max-size': '${engineLog.size}', 'max-file': '${engineLog.files}'}
with open(path + '.new', 'w') as file:
    json.dump(settings, file, indent=2, sort_keys=True)
    file.write('\\n')
os.chmod(path + '.new', 0o644)
os.replace(path + '.new', path)
END
# First only what keeps containers running over a restart; then the restart.
systemctl reload docker.service
tries=0
until [ "$(docker info --format '{{.LiveRestoreEnabled}}')" = true ] || [ $tries -gt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
systemctl restart docker.service
`,
  prelude: () => `
docker_info() { docker info --format "$1" 2>/dev/null || echo 'no answer'; }
daemon_json() { python3 -c 'import json, sys
value = json.load(open("/etc/docker/daemon.json"))
for key in sys.argv[1:]: value = value[key]
print(value)' "$@" 2>/dev/null || echo unset; }
`,
  controls: [
    {
      id: 'docker-settings.log-driver',
      title: 'containers log compressed and rotated',
      why: 'The usual driver never rotates: a talkative container fills the disk.',
      found: `docker_info '{{.LoggingDriver}}'`,
      wanted: engineLog.driver,
    },
    {
      id: 'docker-settings.log-size',
      title: 'size of a log file',
      why: 'It bounds what each container may keep.',
      found: `daemon_json log-opts max-size`,
      wanted: engineLog.size,
    },
    {
      id: 'docker-settings.log-files',
      title: 'log files of a container',
      why: 'It bounds what each container may keep.',
      found: `daemon_json log-opts max-file`,
      wanted: engineLog.files,
    },
    {
      id: 'docker-settings.live-restore',
      title: 'containers outlive a restart of Docker',
      why: 'An update of the engine should not stop the app.',
      found: `docker_info '{{.LiveRestoreEnabled}}'`,
      wanted: 'true',
    },
    {
      id: 'docker-settings.firewall',
      title: 'Docker asks the chain DOCKER-USER',
      why: 'With its nftables backend Docker has no such chain, and published ports would be open to everybody.',
      found: `docker info --format '{{.FirewallBackend.Driver}}' 2>/dev/null | grep -q nftables && echo nftables || echo iptables`,
      wanted: 'iptables',
    },
  ],
}

const enginePackages = [
  'docker-ce',
  'docker-ce-cli',
  'containerd.io',
  'docker-compose-plugin',
  'docker-buildx-plugin',
  'docker.io',
  'docker-cli',
  'docker-compose',
  'docker-compose-v2',
  'docker-buildx',
  'containerd',
  'runc',
]

/** Those of the engine's packages that are there. */
export const installedEngine = `engine=; for name in ${enginePackages.join(' ')}; do ! is_installed $name || engine="$engine $name"; done`

const held: Control = {
  id: 'docker-hold.held',
  title: 'the engine changes only when you say so',
  why: 'Automatic updates of containerd and runc have stopped whole clusters; `slipway server upgrade` does it with care.',
  found: `${installedEngine}; loose=; for name in $engine; do apt-mark showhold | grep -qx $name || loose="$loose $name"; done; if [ -z "$engine" ]; then echo 'nothing to hold'; elif [ -z "$loose" ]; then echo held; else echo "free:$loose"; fi`,
  wanted: 'held',
}

export const dockerHold: Topic = {
  id: 'docker-hold',
  title: 'Docker updates',
  risk: 'none',
  script: () => `set -eu\n${installedEngine}\napt-mark hold $engine >/dev/null\n`,
  controls: [held],
}
