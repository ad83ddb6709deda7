import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrokerCount, Credentials } from '../interface.ts';
import type { Ports } from '../ports.ts';
import type { Progress } from '../progress.ts';
import type { Tools } from '../requirements.ts';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Shared by all stacks of this checkout: downloads, and what is made once and copied. */
export const cache = join(repository, '.cartwheel/cache');

/** What an engine gets to know in order to start. */
export type Start = {
  folder: string;
  /** Shared by all stacks of this checkout. */
  cache: string;
  ports: Ports;
  credentials: Credentials;
  tools: Tools;
  progress: Progress;
  signal: AbortSignal;
  /** How many brokers Kafka is. */
  brokers: BrokerCount;
};
