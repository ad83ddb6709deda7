import { type Delivery, UnreadableMessage } from '@cartwheel/messages';
import { deriveId } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';

/** The id of a task that cannot be read: its own where it could be believed, else one from its bytes. */
export function idOf(delivery: Delivery, error: unknown): string {
  return (error instanceof UnreadableMessage ? error.id : undefined) ?? idOfBytes(delivery);
}

/** A task without a believable id gets one from its bytes, so that its redelivery is the same task. */
function idOfBytes(delivery: Delivery): string {
  // Not the broker's own: x-delivery-count grows with each redelivery.
  const own = Object.entries(delivery.headers).filter(([name]) => !name.startsWith('x-'));
  const headers = JSON.stringify(own.map(([name, value]) => [name, String(value)]));
  const digest = createHash('sha256')
    .update(headers)
    .update(delivery.value ?? '')
    .digest('hex');
  return deriveId(delivery.topic, digest);
}
