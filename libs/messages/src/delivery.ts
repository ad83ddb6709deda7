/** A header as a broker hands it over: bytes from Kafka, usually text from RabbitMQ. */
export type HeaderValue = Buffer | string | number | undefined;

/** One message as it came from a broker, before anybody has read it. */
export type Delivery = {
  readonly source: 'kafka' | 'rabbitmq';
  /** Kafka's topic, RabbitMQ's queue. */
  readonly topic: string;
  readonly partition?: number;
  readonly offset?: string;
  /** When the broker took it, ISO 8601. */
  readonly timestamp?: string;
  readonly key: Buffer | null;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly value: Buffer | null;
};
