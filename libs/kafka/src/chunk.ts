import type { Delivery, HeaderValue } from '@cartwheel/messages';
import type { KafkaMessage } from 'kafkajs';
import type { FetchedRecord } from './fetched-record.ts';

/** A chunk is closed by count and by bytes: what waits for its COMMIT stands in memory several times. */
const CHUNK = 100;
const CHUNK_BYTES = 1_000_000;

/** The messages from `at` on that are applied together: as many as CHUNK, as large as CHUNK_BYTES, and one at least. */
export function chunkAt(messages: readonly FetchedRecord[], at: number): FetchedRecord[] {
  const chunk: FetchedRecord[] = [];
  let bytes = 0;
  for (const message of messages.slice(at, at + CHUNK)) {
    bytes += (message.value?.length ?? 0) + (message.key?.length ?? 0);
    if (chunk.length > 0 && (bytes > CHUNK_BYTES || message.undecodable)) break;
    chunk.push(message);
    if (message.undecodable) break;
  }
  return chunk;
}

/** What the inbox knows of a record. */
export function toDelivery(topic: string, partition: number, message: KafkaMessage): Delivery {
  return {
    source: 'kafka',
    topic,
    partition,
    offset: message.offset,
    ...timestampOf(message),
    key: message.key,
    headers: (message.headers ?? {}) as Record<string, HeaderValue>,
    value: message.value,
  };
}

/** A producer may write anything here; what is no date is left out, and so is one that PostgreSQL would not read as such. */
function timestampOf({ timestamp }: KafkaMessage): { timestamp?: string } {
  const date = new Date(Number(timestamp));
  const isDate = date.getUTCFullYear() > 0 && date.getUTCFullYear() < 10_000;
  return isDate ? { timestamp: date.toISOString() } : {};
}
