import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Friendly } from '../stack/friendly.ts';

export const serviceNames = ['order', 'payment', 'inventory', 'email', 'analytics'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Where to look. */
export type Target = {
  /** For `topology(namespace)`. */
  readonly namespace: string;
  /** Connection strings with administrator rights; nothing is written. */
  readonly databases: Readonly<Record<ServiceName, string>>;
  readonly kafkaBrokers: readonly string[];
  readonly rabbitmqUrl: string;
  readonly gatewayUrl: string;
  readonly mailboxUrl: string;
  readonly urls: Readonly<Record<ServiceName, string>>;
  /** Lets in at `/ops` of each service. */
  readonly opsToken: string;
};

/** Where a running shop says what its target is: in this folder, or where `up` and `demo` put theirs. */
export function shopFiles(folder: string | undefined): string[] {
  const root = join(import.meta.dirname, '../../.cartwheel');
  const folders = folder === undefined ? [join(root, 'up'), join(root, 'demo')] : [folder];
  return folders.map((one) => join(one, 'shop.json'));
}

/** The first of these files that exists. @throws Friendly when none does, or it is no target. */
export function readTarget(files: readonly string[]): Target {
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue;
    }
    try {
      const target = JSON.parse(text) as Target;
      if (serviceNames.every((name) => target.databases[name] && target.urls[name])) return target;
    } catch {
      // Said below.
    }
    throw new Friendly(`${file} does not say where a shop is: start it again.`);
  }
  throw new Friendly(`No shop is running (there is no ${files.join(' and no ')}): npm run up starts one.`);
}
