import { readFileSync } from 'node:fs';
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
};

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
