import { KafkaPublisher, type Kafka } from '@cartwheel/kafka';
import type { Logger } from '@cartwheel/observability';
import { OutboxRelay, type Published, type RelayRow, type Wake } from '@cartwheel/outbox';
import { buryUnroutable } from '@cartwheel/parking';
import type { RabbitmqPublisher } from '@cartwheel/rabbitmq';

type RelayWiring = {
  readonly connectionString: string;
  readonly wake: Wake;
  readonly pollIntervalMs: number;
  readonly logger: Logger;
};

export function kafkaRelay(wiring: RelayWiring, kafka: Kafka): { relay: OutboxRelay; close: () => Promise<void> } {
  const publisher = new KafkaPublisher(kafka);
  const relay = new OutboxRelay({
    ...wiring,
    channel: 'kafka',
    publish: (rows) => publisher.publish(rows),
    onError: (error, attempt) => wiring.logger.warn({ channel: 'kafka', attempt, ...error }, 'relay waits'),
  });
  return { relay, close: () => publisher.close() };
}

export function rabbitmqRelay(wiring: RelayWiring, publisher: RabbitmqPublisher): OutboxRelay {
  return new OutboxRelay({
    ...wiring,
    channel: 'rabbitmq',
    publish: (rows): Promise<Published> => publisher.publish(rows.map(toMessage)),
    setAside: async (client, rows) => {
      await buryUnroutable(client, rows);
      wiring.logger.error({ channel: 'rabbitmq', ids: rows.map(({ id }) => id) }, 'task unroutable');
    },
    onError: (error, attempt) => wiring.logger.warn({ channel: 'rabbitmq', attempt, ...error }, 'relay waits'),
  });
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
