import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { thisMachine } from '../machine.ts';
import { layers, runToEnd, type RunningProcess, startProcess, waitUntilReady } from '../processes.ts';
import { findJava } from '../requirements.ts';
import { makeWhole } from './kafka-jars.ts';
import { repository } from './start.ts';

const VERSION = '3.5.1';
const jarFolder = join(repository, '.cartwheel/cache', `zipkin-${VERSION}`);
const jar = join(jarFolder, `zipkin-server-${VERSION}-exec.jar`);
/** The one with everything in it, 125 MB. */
const ARTIFACT = `io.zipkin:zipkin-server:${VERSION}:jar:exec`;
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy';

/** Fetches Zipkin, if it is not here yet. Returns why it cannot run here; undefined when it can. */
export async function fetchZipkin(folder: string): Promise<string | undefined> {
  if (!findJava(thisMachine)) return 'there is no Java 17 or later';
  if (existsSync(jar)) return undefined;
  const command = thisMachine.which('mvn');
  if (command === undefined) return 'there is no Maven to fetch it with';
  await mkdir(join(repository, '.cartwheel/cache'), { recursive: true });
  const fetched = makeWhole(jarFolder, (draft) => {
    const args = ['-q', '-B', '--strict-checksums', COPY, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${draft}`];
    return runToEnd({ name: 'maven', command, args, folder });
  });
  return fetched.then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** A real Zipkin on loopback, once it was fetched; its spans are in memory. Stops with whatever else was started in the folder. */
export async function startZipkin({ folder, port }: { folder: string; port: number }): Promise<RunningProcess> {
  const zipkin = startProcess({
    name: 'zipkin',
    command: findJava(thisMachine)!.command,
    // QUERY_PORT alone would listen on every interface.
    args: ['-Xms64m', '-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'].concat([
      '-Darmeria.ports[0].ip=127.0.0.1',
      `-Darmeria.ports[0].port=${port}`,
      '-Darmeria.ports[0].protocols[0]=http',
      '-jar',
      jar,
    ]),
    folder,
    layer: layers.engine,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntilReady(zipkin, ready, { deadlineMs: 90_000 });
  return zipkin;
}
