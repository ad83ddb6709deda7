import type { Ports } from './ports.ts';
import type { Progress } from './progress.ts';

export type Addresses = {
  postgres: { host: string; port: number; user: string; password: string };
  kafka: { brokers: string[] };
  rabbitmq: { url: string };
  mail: { smtpHost: string; smtpPort: number; webUrl: string };
};

/** `external`: engines that are there already · `docker`: containers · `native`: processes of this machine. */
export type Provider = 'external' | 'docker' | 'native';

export type Credentials = Record<'postgres' | 'rabbitmq', { user: string; password: string }>;

/** One Kafka broker, or three that form a cluster: every record has three copies, and one broker may be away. */
export type BrokerCount = 1 | 3;

export type StackOptions = {
  /** Data, logs and state of this stack; one running stack per folder. */
  folder: string;
  /** `free`: any free ports, others when one turns out to be taken. */
  ports: Ports | 'free';
  progress: Progress;
  /** Left out: `external` when addresses are in the environment, else `docker` when it answers, else `native`. */
  provider?: Provider;
  /** `fresh` (default): empty engines, and their data is deleted after the stop; logs stay. `keep`: data survives. */
  data?: 'fresh' | 'keep';
  /** Left out: as many as the data that is kept has, else one. Three are `native` ones. */
  brokers?: BrokerCount;
  credentials?: Partial<Credentials>;
  /** Aborted while starting: what was started is stopped, and `startStack` throws the signal's reason. */
  signal?: AbortSignal;
};

export interface Stack {
  provider: Provider;
  addresses: Addresses;
  /** Stops everything recorded in the folder: first what uses the engines, then the engines. */
  stop(): Promise<void>;
}
