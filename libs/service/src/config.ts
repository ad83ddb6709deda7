import { z } from 'zod';

export const Port = z.coerce.number().int().min(1).max(65_535);

/** What every service reads from its environment. A service adds its own with `.extend`. */
export const environment = z.object({
  /** Loopback unless told otherwise. */
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: Port,
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// address'),
  /** For the relays, when DATABASE_URL leads through a pooler (docs/howto/pgbouncer.md). */
  DATABASE_DIRECT_URL: z
    .string()
    .regex(/^(postgres(ql)?:\/\/.*)?$/, 'must be a postgresql:// address')
    .default(''),
  KAFKA_BROKERS: z
    .string()
    .min(1)
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .refine((list) => list.every((broker) => /^[^:\s]+:\d+$/.test(broker)), 'must be host:port[,host:port…]'),
  /** Stands before every topic, group, exchange and queue: two systems on one broker do not meet. */
  CARTWHEEL_NAMESPACE: z
    .string()
    .regex(/^[a-z0-9-]*$/)
    .default(''),
  /** What `/ops/…` asks for. Without one, nobody is an operator. */
  OPS_TOKEN: z
    .string()
    .regex(/^([\x21-\x7e]{16,})?$/, 'must have at least 16 characters, none of them a space')
    .default(''),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Left out: `otlp` when OTEL_EXPORTER_OTLP_ENDPOINT is set, else none. */
  OTEL_TRACES_EXPORTER: z.enum(['', 'otlp', 'zipkin', 'none']).default(''),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().default(''),
  /** `none`: nothing is counted, and `GET /metrics` is not there. */
  OTEL_METRICS_EXPORTER: z.enum(['prometheus', 'none']).default('prometheus'),
  /** Below the 30 s after which a silent leader loses its connection. */
  OUTBOX_POLL_INTERVAL_MS: z.coerce.number().int().min(10).max(20_000).default(500),
  /** Of one handler of a fact. Below the 20 s after which PostgreSQL ends a transaction that does nothing. */
  HANDLER_DEADLINE_MS: z.coerce.number().int().min(100).max(19_000).default(15_000),
  /** Of a worker, between two of its transactions and in each. Above what its calls to the outside may take. */
  WORKER_DEADLINE_MS: z.coerce.number().int().min(100).max(600_000).default(90_000),
  SHUTDOWN_DEADLINE_MS: z.coerce.number().int().min(1_000).max(120_000).default(20_000),
});

/** The same for a service with workers. The others never open RabbitMQ. */
export const workerEnvironment = environment.extend({
  RABBITMQ_URL: z.string().regex(/^amqps?:\/\//, 'must be an amqp:// address'),
});

export type ServiceConfig = z.infer<typeof environment>;

/** Reads the configuration, or names every variable that is missing or wrong and ends the process with 1. */
export function readConfig<S extends z.ZodType>(service: string, schema: S, env: NodeJS.ProcessEnv): z.infer<S> {
  const read = schema.safeParse(env);
  if (read.success) return read.data;
  const lines = read.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return `  ${name} ${env[name] === undefined ? 'is missing' : `is wrong: ${message}`}`;
  });
  process.stderr.write(`${service} cannot start, its configuration is incomplete:\n${lines.join('\n')}\n`);
  process.exit(1);
}
