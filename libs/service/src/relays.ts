import { KafkaPublisher, type Kafka } from '@cartwheel/kafka';
import { attributes, count, type Logger, metrics } from '@cartwheel/observability';
import { OutboxRelay, type RelayOptions, type RelayRow, type Wake } from '@cartwheel/outbox';
import { buryUnroutable } from '@cartwheel/parking';
import type { RabbitmqPublisher } from '@cartwheel/rabbitmq';
import { observedPublish, type OnPublished } from './observed-messages.ts';

type RelayWiring = {
  readonly connectionString: string;
  readonly wake: Wake;
  readonly pollIntervalMs: number;
  readonly logger: Logger;
};

export function kafkaRelay(
  wiring: RelayWiring,
  kafka: Kafka,
  onPublished?: OnPublished,
): { relay: OutboxRelay; close: () => Promise<void> } {
  const publisher = new KafkaPublisher(kafka);
  const relay = new OutboxRelay({
    ...wiring,
    channel: 'kafka',
    publish: observedPublish('kafka', (rows) => publisher.publish(rows), onPublished),
    onError: noteFailure('kafka', wiring.logger),
  });
  return { relay, close: () => publisher.close() };
}

export function rabbitmqRelay(wiring: RelayWiring, publisher: RabbitmqPublisher): OutboxRelay {
  return new OutboxRelay({
    ...wiring,
    channel: 'rabbitmq',
    publish: observedPublish('rabbitmq', (rows) => publisher.publish(rows.map(toMessage))),
    setAside: async (client, rows) => {
      await buryUnroutable(client, rows);
      wiring.logger.error({ channel: 'rabbitmq', ids: rows.map(({ id }) => id) }, 'task unroutable');
    },
    onError: noteFailure('rabbitmq', wiring.logger),
  });
}

function noteFailure(channel: RelayOptions['channel'], logger: Logger): NonNullable<RelayOptions['onError']> {
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
