import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Friendly } from './friendly.ts';
import { type Machine, thisMachine } from './machine.ts';
import { layers, runToEnd } from './processes.ts';
import type { Progress } from './progress.ts';

export type Tools = {
  java: { command: string; version: string };
  /** Left out when Kafka's jars are there already. */
  maven?: string;
  /** The folder with RabbitMQ's own scripts: the wrapper on the PATH insists on changing the user. */
  rabbitmqScripts: string;
  epmd: string;
};

type Requirement = 'java' | 'maven' | 'rabbitmq';
const titles: Record<Requirement, string> = { java: 'Java 17 or later', maven: 'Maven', rabbitmq: 'RabbitMQ' };
const brewNames: Record<Requirement, string> = { java: 'openjdk@21', maven: 'maven', rabbitmq: 'rabbitmq' };
const aptNames: Record<Requirement, string> = {
  java: 'default-jre-headless',
  maven: 'maven',
  rabbitmq: 'rabbitmq-server',
};

const aptScript = fileURLToPath(new URL('install-with-apt.sh', import.meta.url));

/**
 * Finds Java, Maven and RabbitMQ; on Debian and Ubuntu installs what is missing, if this user may. Elsewhere throws a
 * friendly error that names the one command to run.
 */
export async function ensureTools(
  needs: { folder: string; maven: boolean; progress: Progress },
  machine: Machine = thisMachine,
): Promise<Tools> {
  const missing = missingOn(machine, needs.maven);
  if (missing.length > 0) {
    const install = installCommand(machine, missing);
    if (!install.automatic) {
      throw new Friendly(`Not on this machine: ${list(missing)}. Install with: ${install.command.join(' ')}`);
    }
    const [command, ...args] = install.command as [string, ...string[]];
    // Not stopped half-way by Ctrl-C: an interrupted dpkg needs repair by hand.
    await needs.progress.step(`installing ${list(missing)} with apt`, () =>
      runToEnd({
        name: 'apt',
        command,
        args,
        folder: needs.folder,
        layer: layers.app,
        stopDeadlineMs: 600_000,
      }),
    );
  }
  return toolsOf(machine, needs.maven);
}

export function missingOn(machine: Machine, needsMaven: boolean): Requirement[] {
  const missing: Requirement[] = [];
  if (!findJava(machine)) missing.push('java');
  if (needsMaven && !machine.which('mvn')) missing.push('maven');
  if (!findRabbitmqScripts(machine) || !findEpmd(machine)) missing.push('rabbitmq');
  return missing;
}

/** `automatic`: we may run it ourselves; otherwise it is what the person should run. */
export function installCommand(machine: Machine, missing: Requirement[]): { automatic: boolean; command: string[] } {
  if (machine.platform === 'darwin') {
    return { automatic: false, command: ['brew', 'install', ...missing.map((thing) => brewNames[thing])] };
  }
  const names = missing.map((thing) => aptNames[thing]);
  const isDebian = /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(machine.osRelease) && machine.which('apt-get') !== undefined;
  if (!isDebian)
    return { automatic: false, command: ["your system's package manager", `(on Debian: ${names.join(' ')})`] };
  if (machine.isRoot) return { automatic: true, command: ['sh', aptScript, ...missing] };
  if (machine.run('sudo', ['-n', 'true']).ok) {
    return { automatic: true, command: ['sudo', '-n', 'sh', aptScript, ...missing] };
  }
  return { automatic: false, command: ['sudo', 'apt-get', 'install', '-y', '--no-install-recommends', ...names] };
}

function toolsOf(machine: Machine, needsMaven: boolean): Tools {
  const java = findJava(machine);
  const maven = machine.which('mvn');
  const rabbitmqScripts = findRabbitmqScripts(machine);
  const epmd = findEpmd(machine);
  if (!java || !rabbitmqScripts || !epmd || (needsMaven && !maven)) {
    throw new Friendly(`Installed, but still not found: ${list(missingOn(machine, needsMaven))}.`);
  }
  return { java, maven, rabbitmqScripts, epmd };
}

export function findJava(machine: Machine): Tools['java'] | undefined {
  const home = machine.environment['JAVA_HOME'];
  const candidates = [
    home && join(home, 'bin/java'),
    machine.which('java'),
    ...machine.list('/usr/lib/jvm').map((name) => `/usr/lib/jvm/${name}/bin/java`),
    '/opt/homebrew/opt/openjdk@21/bin/java',
    '/opt/homebrew/opt/openjdk/bin/java',
    '/usr/local/opt/openjdk/bin/java',
  ];
  for (const command of candidates) {
    if (!command || !machine.isExecutable(command)) continue;
    const { ok, output } = machine.run(command, ['-version']);
    const version = /version "(\d+)([^"]*)"/.exec(output);
    if (ok && version && Number(version[1]) >= 17) return { command, version: `${version[1]}${version[2]}` };
  }
  return undefined;
}

function findRabbitmqScripts(machine: Machine): string | undefined {
  const installed = machine.which('rabbitmq-server');
  const folders = [
    ...machine.list('/usr/lib/rabbitmq/lib').map((name) => `/usr/lib/rabbitmq/lib/${name}/sbin`),
    ...(installed ? [dirname(machine.realPath(installed))] : []),
    '/opt/homebrew/opt/rabbitmq/sbin',
    '/usr/local/opt/rabbitmq/sbin',
  ];
  // The Debian wrapper has no `rabbitmq-env` beside it, the real scripts do.
  return folders.find(
    (f) => machine.isExecutable(join(f, 'rabbitmq-server')) && machine.list(f).includes('rabbitmq-env'),
  );
}

function findEpmd(machine: Machine): string | undefined {
  const erl = machine.which('erl');
  const beside = erl && join(dirname(machine.realPath(erl)), 'epmd');
  return machine.which('epmd') ?? (beside && machine.isExecutable(beside) ? beside : undefined);
}

function list(requirements: Requirement[]): string {
  return requirements.map((thing) => titles[thing]).join(', ');
}
