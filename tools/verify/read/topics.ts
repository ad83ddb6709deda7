import { facts, type FactType, groupOf, type HeaderValue, maskPersonal, readEnvelope } from '@cartwheel/contracts';
import { topicEnds, type Undecodable } from '@cartwheel/kafka';
import { describeError } from '@cartwheel/primitives';
import type { KafkaMessage } from 'kafkajs';
import { Friendly } from '../../stack/friendly.ts';
import { answering, type Connections } from '../connections.ts';
import { type FactRecord, recordPlace } from '../evidence.ts';
import { holdsAddress } from './address.ts';
import { readToEnd } from './read-to-end.ts';

export type Log = {
  readonly records: FactRecord[];
  readonly unreadable: string[];
  readonly personal: string[];
  headers: number;
  readonly deadLetterCopies: Set<string>;
};

/** How many records the fact topics hold. */
export async function countFacts({ admin, topology, target }: Connections): Promise<number> {
  const names = [...new Set(Object.values(facts).map(({ topic }) => topology.topic(topic)))];
  const ends = await answering('Kafka', target.kafkaBrokers.join(', '), topicEnds(admin, names));
  return [...ends.values()].flat().reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
}

/** Reads every fact topic and dead letter topic from its beginning to where it ends now. */
export async function readLog(shop: Connections): Promise<Log> {
  const log: Log = { records: [], unreadable: [], personal: [], headers: 0, deadLetterCopies: new Set() };
  const factTopics = new Set(Object.values(facts).map(({ topic }) => shop.topology.topic(topic)));
  const topics = shop.topology.topics.map(({ name }) => name);
  await readToEnd(shop, topics, (topic, partition, message) => {
    if (factTopics.has(topic)) noteFact(shop, log, topic, partition, message);
    else noteDeadLetter(log, message);
  });
  return log;
}

function noteFact({ topology }: Connections, log: Log, topic: string, partition: number, message: KafkaMessage): void {
  const place = `${topic}/${partition}@${message.offset}`;
  const { undecodable } = message as { undecodable?: Undecodable };
  if (undecodable) return void log.unreadable.push(`${place}: ${undecodable.reason}`);
  const headers = (message.headers ?? {}) as Record<string, HeaderValue>;
  for (const [name, value] of Object.entries(headers)) {
    log.headers += 1;
    if (holdsAddress(String(value))) log.personal.push(`${place}: header ${name}`);
  }
  try {
    const envelope = readEnvelope({
      source: 'kafka',
      topic,
      partition,
      offset: message.offset,
      key: message.key,
      headers,
      value: message.value,
    });
    const { id, subject, sequence, correlationId, causationId, time } = envelope;
    const type = envelope.type as FactType;
    const contract = Object.hasOwn(facts, type) ? facts[type] : undefined;
    if (contract === undefined || topology.topic(contract.topic) !== topic)
      throw new Friendly(`${type} does not belong into this topic`);
    if (contract.source !== envelope.source) throw new Friendly(`${type} comes from ${envelope.source}`);
    if (message.key?.toString() !== subject) throw new Friendly(`${type} ${id} is not keyed by its subject`);
    if (sequence === undefined) throw new Friendly(`${type} ${id} has no ce_sequence`);
    log.records.push({
      id,
      type,
      topic,
      partition,
      offset: Number(message.offset),
      subject,
      sequence,
      correlationId,
      causationId,
      time,
      data: maskPersonal(envelope.data),
    });
  } catch (error) {
    log.unreadable.push(`${place}: ${describeError(error).message}`);
  }
}

function noteDeadLetter(log: Log, { headers = {} }: KafkaMessage): void {
  const text = (name: string) => String(headers[name] ?? '');
  const place = [text('dlq_original_topic'), text('dlq_original_partition'), text('dlq_original_offset')] as const;
  log.deadLetterCopies.add(recordPlace(groupOf(text('dlq_consumer')), ...place));
}
