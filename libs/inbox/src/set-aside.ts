import type { Delivery } from '@cartwheel/messages';
import { type OutboxRow, storeHeaders } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { describeError, newId } from '@cartwheel/primitives';

/** Why and how often a message failed. */
export type Failure = { readonly error: unknown; readonly attempts: number; readonly firstFailedAt: Date };

/** A message that its consumer has taken and has not applied. */
export type SetAside = {
  readonly id: string;
  readonly delivery: Delivery;
  /** `parked` is tried again by itself, `dead` needs a person. */
  readonly state: 'parked' | 'dead';
  /** None: nothing is wrong with it, it waits behind an earlier message of its key. */
  readonly failure?: Failure;
};

/** What keeps messages that are set aside. Both work in the transaction that claimed the ids. libs/parking is one. */
export type Parking = {
  /** Those of `keys` of a topic whose messages must wait, because an earlier one is kept. */
  heldKeys(tx: Queryable, consumer: string, topic: string, keys: readonly Buffer[]): Promise<readonly Buffer[]>;
  /** Keeps messages in this order, behind what is kept already. */
  keep(tx: Queryable, consumer: string, messages: readonly SetAside[]): Promise<void>;
};

/** The topic takes 2 MB. A stranger's compressed record may be larger once it is unpacked, and one row that Kafka refuses
 * would stop the relay. Base64 and the repeated key need room too. */
const MAX_COPY_BYTES = 1_000_000;

/** A copy of a dead fact for other tools: key and bytes untouched, the reason in headers `dlq_…`. */
export function deadLetterCopy(topic: string, consumer: string, delivery: Delivery, failure: Failure): OutboxRow {
  const headers = storeHeaders(delivery.headers);
  const size = (delivery.key?.length ?? 0) + (delivery.value?.length ?? 0) + JSON.stringify(headers).length;
  const fits = size < MAX_COPY_BYTES;
  const { errorClass, message, stack } = describeError(failure.error);
  return {
    channel: 'dead-letters',
    id: newId(),
    destination: topic,
    key: fits ? delivery.key : null,
    type: 'DeadLetter',
    payload: fits ? delivery.value : null,
    headers: {
      ...(fits ? headers : { dlq_omitted: 'key, headers and value: too large, kept in the database' }),
      dlq_original_topic: delivery.topic,
      dlq_original_partition: String(delivery.partition ?? ''),
      dlq_original_offset: delivery.offset ?? '',
      dlq_original_timestamp: delivery.timestamp ?? '',
      ...(fits ? { dlq_original_key: { base64: (delivery.key ?? Buffer.alloc(0)).toString('base64') } } : {}),
      dlq_consumer: consumer,
      dlq_attempts: String(failure.attempts),
      dlq_first_failed_at: failure.firstFailedAt.toISOString(),
      dlq_last_failed_at: new Date().toISOString(),
      dlq_error_class: errorClass,
      dlq_error_message: message,
      dlq_error_stack: stack,
    },
  };
}
