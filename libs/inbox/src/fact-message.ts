import { type Contracts, type Delivery, type Envelope, UnreadableMessage } from '@cartwheel/messages';
import { deriveId } from '@cartwheel/primitives';
import type { Thrown } from './attempt.ts';

/** A delivery that this consumer deals with. With `unreadable`, no handler will see it here. */
export type FactMessage = { readonly id: string; readonly delivery: Delivery } & (
  | { readonly envelope: Envelope; readonly unreadable?: undefined }
  | { readonly envelope?: undefined; readonly unreadable: Thrown }
);

export type ReadFact = FactMessage & { readonly envelope: Envelope };

/** Reads a delivery, or says why it cannot be read. One without a believable id has one from its place. */
export function read(delivery: Delivery, { readEnvelope }: Contracts): FactMessage {
  try {
    const envelope = readEnvelope(delivery);
    return { id: envelope.id, delivery, envelope };
  } catch (error) {
    const own = error instanceof UnreadableMessage ? error.id?.toLowerCase() : undefined;
    const id = own ?? deriveId(delivery.topic, delivery.partition ?? -1, delivery.offset ?? '');
    return { id, delivery, unreadable: { error } };
  }
}

/** The partition that a delivery came from, or the topic of one that stands in none. */
export function placeOf({ topic, partition }: Delivery): string {
  return `${topic} ${partition ?? ''}`;
}

export function keyOf(key: Buffer): string {
  return key.toString('latin1');
}

export function partition<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const one of all) (is(one) ? yes : no).push(one);
  return [yes, no];
}
