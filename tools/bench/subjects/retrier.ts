import { createKafka } from '@cartwheel/kafka';
import type { FactContext } from '@cartwheel/inbox';
import { factConsumer } from '../../../libs/service/src/consumers.ts';
import type { Meter } from '../measure.ts';
import type { Place } from '../place.ts';
import { wiringAt } from './consumer.ts';
import { EFFECT } from './handler.ts';

/** The retrier of a service, whose handler succeeds now. */
export function retrier(place: Place, meter: Meter): void {
  const kafka = createKafka(place.kafkaBrokers, 'bench');
  const { strategy, retrier: running } = factConsumer(wiringAt(place), kafka, { group: 'payment' });
  strategy.addHandler(
    'OrderPlaced',
    async (_data: unknown, { tx, fact }: FactContext) => {
      await tx.query(EFFECT, [fact.subject]);
      meter.add(1);
    },
    true,
  );
  running.start();
}
