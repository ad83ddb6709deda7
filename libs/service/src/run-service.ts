import { type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { contracts } from '@cartwheel/contracts';
import { limitAnswers, LIMITS, ProblemFilter, serverOptions, validationPipe } from '@cartwheel/http';
import { createKafka } from '@cartwheel/kafka';
import {
  createLogger,
  type Logger,
  startContext,
  startMetrics,
  startTracing,
  type TracesExporter,
} from '@cartwheel/observability';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import {
  autocommit,
  createDataSource,
  missingSchema,
  type DataSource,
  type DataSourceSettings,
  type Queryable,
  type Schema,
} from '@cartwheel/postgres';
import { backoff, delay, describeError } from '@cartwheel/primitives';
import { RabbitmqPublisher } from '@cartwheel/rabbitmq';
import 'reflect-metadata';
import { serveApiDocument } from './api-document.ts';
import { ChangingConsumers } from './changing-consumers.ts';
import { compareTopics } from './compare-topics.ts';
import type { ServiceConfig } from './config.ts';
import {
  type ConsumerDescription,
  factConsumer,
  taskWorker,
  type Wiring,
  type WorkerDescription,
} from './consumers.ts';
import { Liveness } from './liveness.ts';
import { NestLog } from './nest-log.ts';
import { observeHttp } from './observed-http.ts';
import type { OnPublished } from './observed-messages.ts';
import { PlatformModule } from './platform.module.ts';
import { Progress } from './progress.ts';
import { kafkaRelay, rabbitmqRelay } from './relays.ts';
import type { TellTrail } from './trail.ts';
import { LagWatch, observeDatabase, observeEventLoop, type Sample, tasks as repeating } from './samples.ts';
import { unhandledRejection } from './unhandled-rejection.ts';

export type ServiceDescription = {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly module: Type;
  readonly schemas: readonly Schema[];
  readonly entities: DataSourceSettings['entities'];
  readonly consumers: readonly ConsumerDescription[];
  /** Those beside them that come and go while it runs, as the database says. Asked every second. */
  readonly changing?: (database: Queryable) => Promise<readonly ConsumerDescription[]>;
  /** Of a service with workers, which also relays tasks. */
  readonly tasks?: { readonly rabbitmqUrl: string; readonly workers: readonly WorkerDescription[] };
  /** What it knows of one order, for `GET /ops/trail`. */
  readonly tellTrail: TellTrail;
  /** What its own tables have to say at `GET /metrics`. */
  readonly samples?: readonly Sample[];
  /** Told of each fact of this service that Kafka has confirmed. */
  readonly onPublished?: OnPublished;
};

/** Beyond its deadline: what the statements around a handler may take, each of which the server ends after 30 s. */
const STUCK_AFTER_MS = 120_000;

/**
 * Boots a service and stays until SIGTERM or SIGINT.
 *
 * Boot: HTTP first, so that health can be asked · wait for the database · check that set-up was done, or exit naming what
 * is missing · consumers, workers and relays, each of which waits for its own broker · retriers.
 * Shutdown: stop taking work · finish what is in hand · one last flush of the relays · close; all of it within a deadline.
 */
export async function runService({
  name,
  config,
  module,
  schemas,
  entities,
  consumers,
  changing,
  tasks,
  tellTrail,
  samples = [],
  onPublished,
}: ServiceDescription): Promise<void> {
  const logger = createLogger(name, config.LOG_LEVEL);
  const onFatal = (reason: string) => {
    logger.fatal({ reason }, 'cannot go on');
    process.stderr.write(`${name}: ${reason}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => onFatal(describeError(error).stack));
  process.on('unhandledRejection', unhandledRejection(logger, onFatal));

  startContext();
  const endTracing = await startTracing(name, tracesExporter(config), logger);
  const renderMetrics = config.OTEL_METRICS_EXPORTER === 'none' ? undefined : startMetrics(name);
  const topology = contracts.topology(config.CARTWHEEL_NAMESPACE);
  const dataSource = createDataSource(config.DATABASE_URL, { name, entities });
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(dataSource, { source: name, contracts, topology }, wake);
  const kafka = createKafka(config.KAFKA_BROKERS, name);
  const lagWatch = new LagWatch(kafka);
  const deadlines = { handlerMs: config.HANDLER_DEADLINE_MS, workerMs: config.WORKER_DEADLINE_MS };
  const progress = new Progress(Math.max(...Object.values(deadlines)) + STUCK_AFTER_MS);
  const wiring: Wiring = {
    ...{ source: name, topology, dataSource, wake, unitOfWork, logger },
    ...{ lagWatch, progress, deadlines, onFatal },
  };
  const rabbitmq = tasks && {
    url: tasks.rabbitmqUrl,
    publisher: new RabbitmqPublisher(tasks.rabbitmqUrl, `relay:${name}`),
  };

  const ofFacts = consumers.map((description) => factConsumer(wiring, kafka, description));
  const ofTasks = rabbitmq ? tasks.workers.map((description) => taskWorker(wiring, rabbitmq, description)) : [];
  const retriers = ofFacts.map(({ retrier }) => retrier);
  const announcing = ofFacts.map((consumer) => consumer.announcing);
  const strategies = [
    ...ofFacts.map(({ strategy }) => strategy),
    ...ofTasks.flatMap(({ strategy, drainer }) => [strategy, drainer]),
  ];
  const relaying = {
    connectionString: config.DATABASE_DIRECT_URL === '' ? config.DATABASE_URL : config.DATABASE_DIRECT_URL,
    onFatal,
    wake,
    pollIntervalMs: config.OUTBOX_POLL_INTERVAL_MS,
    logger,
  };
  const toKafka = kafkaRelay(relaying, kafka, { onPublished });
  const copies = kafkaRelay(relaying, kafka, { channel: 'dead-letters' });
  const relays = [toKafka.relay, copies.relay, ...(rabbitmq ? [rabbitmqRelay(relaying, rabbitmq.publisher)] : [])];

  const liveness = new Liveness(dataSource, strategies, progress);
  const trail = { hasWorkers: tasks !== undefined, tell: tellTrail };
  const platform = { dataSource, unitOfWork, liveness, topology, opsToken: config.OPS_TOKEN, trail, renderMetrics };
  if (renderMetrics) {
    observeDatabase(dataSource, tasks ? [repeating, ...samples] : samples, logger);
    observeEventLoop();
    lagWatch.start(logger);
  }
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: PlatformModule, imports: [PlatformModule.with(platform), module] },
    new FastifyAdapter(serverOptions(LIMITS)),
    { logger: new NestLog(logger), abortOnError: false },
  );
  limitAnswers(app.getHttpAdapter().getInstance(), LIMITS);
  app.useGlobalFilters(new ProblemFilter(app.getHttpAdapter()));
  app.useGlobalPipes(validationPipe());
  serveApiDocument(app, name);
  for (const strategy of strategies) app.connectMicroservice({ strategy }, { inheritAppConfig: true });

  const comingAndGoing = new ChangingConsumers({
    wanted: async () => (await changing?.(autocommit(dataSource))) ?? [],
    async start(description) {
      const { strategy, retrier, announcing: saying, unwatch } = factConsumer(wiring, kafka, description);
      await app.connectMicroservice({ strategy }, { inheritAppConfig: true }).listen();
      saying.start();
      retrier.start();
      strategies.push(strategy);
      return {
        async stop() {
          unwatch();
          strategies.splice(strategies.indexOf(strategy), 1);
          await Promise.all([strategy.close(), retrier.stop(), saying.stop()]);
        },
      };
    },
    onError: (error) => logger.warn(describeError(error), 'cannot ask which consumers should run'),
  });

  const stopping = new AbortController();
  let started = false;
  const shutDown = async (signal: string) => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    liveness.stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(
      () => onFatal(`not stopped within ${config.SHUTDOWN_DEADLINE_MS} ms`),
      config.SHUTDOWN_DEADLINE_MS,
    ).unref();
    const loops = [...retriers, ...announcing];
    const takers = [...strategies.map((strategy) => strategy.close()), ...loops.map((loop) => loop.stop())];
    await Promise.all([app.close(), comingAndGoing.stop(), ...takers]);
    if (started) await Promise.all(relays.map((relay) => relay.stop()));
    await Promise.all([toKafka.close(), copies.close(), rabbitmq?.publisher.close(), lagWatch.close()]);
    if (dataSource.isInitialized) await dataSource.destroy();
    await endTracing().catch((error: unknown) => logger.warn(describeError(error), 'spans are lost'));
    logger.info('stopped');
    process.exit(0);
  };
  // A client that keeps its connection would keep the server: who is still answered is told to come back on another.
  const fastify = app.getHttpAdapter().getInstance();
  observeHttp(fastify);
  fastify.addHook('onSend', async (_request, reply) => {
    if (liveness.stopping) void reply.header('connection', 'close');
  });
  process.on('SIGTERM', (signal) => void shutDown(signal));
  process.on('SIGINT', (signal) => void shutDown(signal));

  await app.listen(config.HTTP_PORT, config.HTTP_HOST).catch((error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE';
    onFatal(taken ? `port ${config.HTTP_PORT} is in use; HTTP_PORT moves it` : error.message);
  });
  logger.info({ address: `http://${config.HTTP_HOST}:${config.HTTP_PORT}` }, 'listening');

  const missing = await waitForDatabase(dataSource, schemas, logger, stopping.signal);
  if (stopping.signal.aborted) return;
  if (missing.length > 0) return onFatal(`the database lacks ${missing.join(', ')}: run the set-up`);
  liveness.prepared = true;
  started = true;
  for (const relay of relays) relay.start();
  await app.startAllMicroservices();
  for (const loop of [...announcing, ...retriers]) loop.start();
  if (changing) comingAndGoing.start();
  void compareTopics(kafka, topology, logger, stopping.signal);
  logger.info('started');
}

function tracesExporter({ OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT }: ServiceConfig): TracesExporter {
  if (OTEL_TRACES_EXPORTER !== '') return OTEL_TRACES_EXPORTER;
  return OTEL_EXPORTER_OTLP_ENDPOINT === '' ? 'none' : 'otlp';
}

/** The names of the schemas that set-up has not applied, as soon as the database can be asked. */
async function waitForDatabase(
  dataSource: DataSource,
  schemas: readonly Schema[],
  logger: Logger,
  signal: AbortSignal,
): Promise<string[]> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      return await missingSchema(autocommit(dataSource), schemas);
    } catch (error) {
      logger.warn({ attempt, ...describeError(error) }, 'waiting for the database');
      await delay(backoff(attempt, { baseMs: 200, maxMs: 3_000 }), signal);
    }
  }
  return [];
}
