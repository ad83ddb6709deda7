import { describe, expect, test } from '@jest/globals';
import { Friendly } from './friendly.ts';
import type { Machine } from './machine.ts';
import { silent } from './progress.ts';
import { ensureTools, installCommand, missingOn } from './requirements.ts';

const debian = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n';
const ubuntu = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';

/** A machine with the given programs; `java -version` says what `java` gives. */
function machine(given: Partial<Machine> & { programs?: Record<string, string>; java?: string }): Machine {
  const programs = given.programs ?? {};
  const isExecutable = (path: string) => Object.values(programs).includes(path);
  return {
    platform: 'linux',
    isRoot: true,
    environment: {},
    osRelease: debian,
    which: (command) => programs[command],
    isExecutable,
    realPath: (path) => path,
    list: (folder) => (folder === '/opt/rabbit/sbin' ? ['rabbitmq-server', 'rabbitmq-env'] : []),
    run: (command) =>
      command.endsWith('java')
        ? { ok: true, output: given.java ?? '' }
        : { ok: false, output: 'a password is required' },
    ...given,
  };
}

const everything = {
  java: '/usr/bin/java',
  mvn: '/usr/bin/mvn',
  epmd: '/usr/bin/epmd',
  'rabbitmq-server': '/opt/rabbit/sbin/rabbitmq-server',
  'apt-get': '/usr/bin/apt-get',
};
const java17 = 'openjdk version "17.0.15" 2025-04-15';
const need = { folder: '/nowhere', maven: true, progress: silent };

describe('on a machine that has everything', () => {
  test('nothing is installed and all programs are found', async () => {
    const tools = await ensureTools(need, machine({ programs: everything, java: java17 }));
    expect(tools).toEqual({
      java: { command: '/usr/bin/java', version: '17.0.15' },
      maven: '/usr/bin/mvn',
      rabbitmqScripts: '/opt/rabbit/sbin',
      epmd: '/usr/bin/epmd',
    });
  });

  test('Maven is not asked for once the jars are there', () => {
    const { mvn: _, ...withoutMaven } = everything;
    expect(missingOn(machine({ programs: withoutMaven, java: java17 }), false)).toEqual([]);
    expect(missingOn(machine({ programs: withoutMaven, java: java17 }), true)).toEqual(['maven']);
  });

  test.each(['openjdk version "11.0.20" 2023-07-18', 'java version "1.8.0_391"', ''])('"%s" is too old', (java) => {
    expect(missingOn(machine({ programs: everything, java }), true)).toEqual(['java']);
  });
});

describe('what is missing', () => {
  test.each([debian, ubuntu])('is installed by root with apt', (osRelease) => {
    const found = installCommand(machine({ osRelease, programs: everything }), ['java', 'rabbitmq']);
    expect(found.automatic).toBe(true);
    expect(found.command[0]).toBe('sh');
    expect(found.command.slice(2)).toEqual(['java', 'rabbitmq']);
  });

  test('is installed through sudo where that asks for no password', () => {
    const run = () => ({ ok: true, output: '' });
    const found = installCommand(machine({ isRoot: false, programs: everything, run }), ['maven']);
    expect(found).toMatchObject({ automatic: true, command: ['sudo', '-n', 'sh', expect.any(String), 'maven'] });
  });

  test.each<[string, Partial<Machine>, string]>([
    ['without sudo', { isRoot: false }, 'sudo apt-get install -y --no-install-recommends maven rabbitmq-server'],
    ['on a Mac', { platform: 'darwin', isRoot: false }, 'brew install maven rabbitmq'],
    ['elsewhere', { osRelease: 'ID=fedora\n' }, 'on Debian: maven rabbitmq-server'],
  ])('%s is one sentence with the command to run', async (_, given, command) => {
    const programs = { java: everything.java, 'apt-get': everything['apt-get'] };
    const attempt = ensureTools(need, machine({ programs, java: java17, ...given }));
    await expect(attempt).rejects.toBeInstanceOf(Friendly);
    await expect(attempt).rejects.toThrow(command);
  });
});
