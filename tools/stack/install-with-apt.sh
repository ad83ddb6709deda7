#!/bin/sh
# Installs what is named in the arguments (java, maven, rabbitmq, prometheus, pgbouncer) with apt. Runs as root, on Debian and Ubuntu.
set -eu
export DEBIAN_FRONTEND=noninteractive

# A package that brings a service starts it at once, RabbitMQ on 5672, unless this file says that it may not (101).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

apt-get update

packages=''
for thing in "$@"; do
  case "$thing" in
    java)
      for package in openjdk-17-jre-headless openjdk-21-jre-headless openjdk-25-jre-headless default-jre-headless; do
        if apt-cache show "$package" >/dev/null 2>&1; then
          packages="$packages $package"
          break
        fi
      done
      ;;
    maven) packages="$packages maven" ;;
    rabbitmq) packages="$packages rabbitmq-server" ;;
    prometheus) packages="$packages prometheus" ;;
    pgbouncer) packages="$packages pgbouncer" ;;
  esac
done

# shellcheck disable=SC2086 # a list of words on purpose
apt-get install -y --no-install-recommends $packages

# Installed for this repository's own use: it should not start with the machine either.
case " $* " in
  *' rabbitmq '*) if [ -d /run/systemd/system ]; then systemctl disable rabbitmq-server epmd.socket || true; fi ;;
esac
case " $* " in
  *' pgbouncer '*) if [ -d /run/systemd/system ]; then systemctl disable pgbouncer || true; fi ;;
esac
case " $* " in
  *' prometheus '*) if [ -d /run/systemd/system ]; then systemctl disable prometheus || true; fi ;;
esac
