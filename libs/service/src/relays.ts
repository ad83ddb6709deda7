import { KafkaPublisher, type Kafka } from '@cartwheel/kafka';
import { attributes, count, type Logger, metrics } from '@cartwheel/observability';
import {
  type Channel,
  OutboxRelay,
  type Published,
  type RelayOptions,
  type RelayRow,
  type SetAside,
  type Wake,
} from '@cartwheel/outbox';
import { refusedFacts, refusedTasks } from '@cartwheel/parking';
import type { RabbitmqPublisher } from '@cartwheel/rabbitmq';
import { observedPublish, type OnPublished } from './observed-messages.ts';

type RelayWiring = {
  /** Of PostgreSQL itself, without a pooler in between. */
  readonly connectionString: string;
  readonly wake: Wake;
  readonly pollIntervalMs: number;
  readonly logger: Logger;
  readonly onFatal: (reason: string) => void;
};

/**
 * The relay of the facts, or of the copies of dead letters: nobody but their readers waits for those, so they have a loop
 * and a producer of their own.
 */
export function kafkaRelay(
  wiring: RelayWiring,
  kafka: Kafka,
  {
    channel = 'kafka',
    onPublished,
  }: { channel?: 'kafka' | 'dead-letters'; onPublished?: OnPublished | undefined } = {},
): { relay: OutboxRelay; close: () => Promise<void> } {
  const publisher = new KafkaPublisher(kafka);
  const relay = new OutboxRelay({
    ...wiring,
    channel,
    publish: observedPublish('kafka', (rows) => publisher.publish(rows), onPublished),
    setAside: reported(refusedFacts, channel, wiring.logger),
    onError: noteFailure(channel, wiring.logger),
  });
  return { relay, close: () => publisher.close() };
}

export function rabbitmqRelay(wiring: RelayWiring, publisher: RabbitmqPublisher): OutboxRelay {
  return new OutboxRelay({
    ...wiring,
    channel: 'rabbitmq',
    publish: observedPublish('rabbitmq', (rows) => publishTasks(publisher, rows)),
    setAside: reported(refusedTasks, 'rabbitmq', wiring.logger),
    onError: noteFailure('rabbitmq', wiring.logger),
  });
}

async function publishTasks(publisher: RabbitmqPublisher, rows: readonly RelayRow[]): Promise<Published> {
  const { confirmed, unroutable, refused, resting } = await publisher.publish(rows.map(toMessage));
  const keys = new Map(rows.map(({ seq, key }) => [seq, key?.toString() ?? '']));
  return {
    confirmed,
    refused: [
      ...refused.map(({ ref, reason }) => ({ seq: ref, reason })),
      ...unroutable.map((seq) => ({ seq, reason: `no queue is bound for ${keys.get(seq)}` })),
    ],
    resting: resting.map(({ exchange, reason }) => ({ destination: exchange, reason })),
  };
}

/** The same, and a line in the log for each row that a broker has refused. */
function reported(setAside: SetAside, channel: Channel, logger: Logger): SetAside {
  return {
    ...setAside,
    async keep(tx, rows) {
      const kept = await setAside.keep(tx, rows);
      for (const { row, reason } of rows) {
        const { id, type, destination } = row;
        if (reason !== undefined) logger.error({ channel, id, type, destination, reason }, 'message refused');
      }
      return kept;
    },
  };
}

function noteFailure(channel: Channel, logger: Logger): NonNullable<RelayOptions['onError']> {
  return (error, attempt) => {
    count(metrics.relayFailures, { [attributes.channel]: channel });
    logger.warn({ channel, attempt, ...error }, 'relay waits');
  };
}

function toMessage(row: RelayRow) {
  return {
    ref: row.seq,
    exchange: row.destination,
    routingKey: row.key?.toString() ?? '',
    headers: row.headers,
    content: row.payload ?? Buffer.alloc(0),
    id: row.id,
    type: row.type,
  };
}
