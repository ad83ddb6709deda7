import openapiTypescript, { astToString } from 'openapi-typescript';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { freePorts } from '../stack/ports.ts';
import { startProcess, waitUntilReady } from '../stack/processes.ts';

const root = join(import.meta.dirname, '../..');

export const documented = ['order', 'payment', 'inventory', 'email', 'analytics'] as const;

/** Nobody listens at these. A service opens its HTTP port first and waits for everything else, so it can be asked. */
const nowhere = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
  KAFKA_BROKERS: '127.0.0.1:1',
  RABBITMQ_URL: 'amqp://127.0.0.1:1',
  SMTP_URL: 'smtp://127.0.0.1:1',
  GATEWAY_URL: 'http://127.0.0.1:1',
  GATEWAY_API_KEY: 'sk_test_none',
  LOG_LEVEL: 'silent',
};

/**
 * Every file that is made from the services' own description of their API: path from the root → text, as it should stand
 * there. `folder` takes the logs of the processes that are asked.
 */
export async function describeApis(folder: string): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  for (const service of documented) {
    const document = await ask(service, folder);
    const file = `docs/reference/openapi/${service}.json`;
    made.set(file, await pretty(file, JSON.stringify(document)));
    if (service === 'order') {
      const file = 'libs/client/src/order-api.ts';
      const types = astToString(await openapiTypescript(JSON.stringify(document)));
      made.set(
        file,
        await pretty(file, `// Made by npm run openapi from docs/reference/openapi/order.json.\n${types}`),
      );
    }
  }
  return made;
}

async function ask(service: string, folder: string): Promise<object> {
  const { order: port } = await freePorts();
  const url = `http://127.0.0.1:${port}/docs/openapi.json`;
  const process_ = startProcess({
    name: service,
    command: process.execPath,
    args: [join(root, 'apps', service, 'dist/main.js')],
    folder,
    cwd: root,
    env: { PATH: process.env['PATH'], HTTP_PORT: String(port), ...nowhere },
    stopDeadlineMs: 10_000,
  });
  try {
    let document: object | undefined;
    const answered = async () => {
      const response = await fetch(url).catch(() => undefined);
      document = response?.ok ? ((await response.json()) as object) : undefined;
      return document !== undefined;
    };
    await waitUntilReady(process_, answered, { deadlineMs: 60_000 });
    return document!;
  } finally {
    await process_.stop();
  }
}

async function pretty(file: string, text: string): Promise<string> {
  const options = await resolveConfig(join(root, file));
  return format(text, { ...options, filepath: file });
}
