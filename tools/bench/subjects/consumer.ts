import { contracts } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { createLogger } from '@cartwheel/observability';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { createDataSource, poolOf } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import type { FactContext } from '@cartwheel/inbox';
import { factConsumer, type Wiring } from '../../../libs/service/src/consumers.ts';
import { Progress } from '../../../libs/service/src/progress.ts';
import { LagWatch } from '../../../libs/service/src/samples.ts';
import type { Meter } from '../measure.ts';
import { type Place, topologyAt } from '../place.ts';
import { EFFECT, type Handler } from './handler.ts';
import { nestWith } from './nest.ts';

/** As the strategy does it: chunks of one partition, and so many partitions side by side. */
const CHUNK = 100;
const SIDE_BY_SIDE = 4;

export function wiringAt(place: Place): Wiring {
  const topology = topologyAt(place);
  const dataSource = createDataSource(place.database.service, { name: 'bench' });
  const wake = new Wake();
  return {
    source: 'payment',
    topology,
    dataSource,
    wake,
    unitOfWork: new UnitOfWork(dataSource, { source: 'payment', contracts, topology }, wake),
    logger: createLogger('bench', 'warn'),
    lagWatch: new LagWatch(createKafka(place.kafkaBrokers, 'bench')),
    progress: new Progress(600_000),
    deadlines: { handlerMs: 15_000, workerMs: 90_000 },
    onFatal: (reason) => {
      throw new Error(reason);
    },
  };
}

/** A consumer of a service: strategy, inbox, parking, and a handler that Nest calls. */
export async function consumer(place: Place, meter: Meter, handler: Handler): Promise<() => Promise<void>> {
  const kafka = createKafka(place.kafkaBrokers, 'bench');
  const { strategy } = factConsumer(wiringAt(place), kafka, { group: 'payment' });
  await nestWith(strategy, 'OrderPlaced', async (_data: unknown, { tx, fact }: FactContext) => {
    if (handler === 'statement') await tx.query(EFFECT, [fact.subject]);
    meter.add(1);
  });
  // It leaves its group: the next run would wait until the group had given it up.
  return () => strategy.close();
}

/** The statements alone: claim a chunk's ids, and what the handler does. */
export async function claimSql(place: Place, meter: Meter, handler: Handler): Promise<void> {
  const dataSource = await createDataSource(place.database.service, { name: 'bench', max: SIDE_BY_SIDE }).initialize();
  const oneAfterTheOther = async () => {
    const client = await poolOf(dataSource).connect();
    while (!meter.full) {
      const ids = Array.from({ length: CHUNK }, newId);
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO processed_events (consumer, event_id) SELECT 'bench', unnest($1::uuid[]) ON CONFLICT DO NOTHING`,
        [ids],
      );
      if (handler === 'statement') for (const id of ids) await client.query(EFFECT, [id]);
      await client.query('COMMIT');
      meter.add(CHUNK);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, oneAfterTheOther));
}

/** kafkajs alone: fetches, decodes, commits offsets. */
export async function eachBatch(place: Place, meter: Meter): Promise<void> {
  const topology = topologyAt(place);
  const bare = createKafka(place.kafkaBrokers, 'bench').consumer({
    groupId: topology.groupId('payment') + newId(),
  });
  await bare.connect();
  await bare.subscribe({ topics: [topology.topic('order-events')], fromBeginning: true });
  await bare.run({
    partitionsConsumedConcurrently: SIDE_BY_SIDE,
    eachBatch: ({ batch }) => {
      meter.add(batch.messages.length);
      return Promise.resolve();
    },
  });
}
