import type { Chapter } from './mutant.ts';
import { blames } from './safeguards/blame.ts';
import { consumer } from './safeguards/consumer.ts';
import { copies } from './safeguards/copies.ts';
import { deadLetters } from './safeguards/dead-letters.ts';
import { kafka } from './safeguards/kafka.ts';
import { outbox } from './safeguards/outbox.ts';
import { parking } from './safeguards/parking.ts';
import { keeping, participants } from './safeguards/participants.ts';
import { rabbitmq } from './safeguards/rabbitmq.ts';
import { shop } from './safeguards/shop.ts';
import { stories } from './safeguards/story.ts';
import { tasks } from './safeguards/tasks.ts';
import { telemetry } from './safeguards/telemetry.ts';

/** In the order of docs/promises/guarantees.md: the way of a message. */
export const chapters: readonly Chapter[] = [
  { title: 'Outbox and relay', mutants: outbox },
  { title: 'Kafka', mutants: kafka },
  { title: 'Copies of a record', mutants: copies },
  { title: 'Consumers of facts', mutants: consumer },
  { title: 'Whose fault it is', mutants: blames },
  { title: 'Parking', mutants: parking },
  { title: 'RabbitMQ', mutants: rabbitmq },
  { title: 'Tasks', mutants: tasks },
  { title: 'Dead letters', mutants: deadLetters },
  { title: 'The story', mutants: stories },
  { title: 'The shop', mutants: shop },
  { title: 'Partitions added', mutants: participants },
  { title: 'Gaps and growth', mutants: keeping },
  { title: 'Traces, logs, metrics', mutants: telemetry },
];
