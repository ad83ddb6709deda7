import { topology as topologyOf } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { delay } from '@cartwheel/primitives';
import type { Admin } from 'kafkajs';
import { asProgram } from '../program.ts';
import { answering } from '../verify/connections.ts';
import { readTarget, shopFiles } from '../verify/target.ts';
import { measure, type Sample } from './measure.ts';
import { readGroups, readQueues, unread } from './read.ts';
import { renderGroups, renderPartitions, renderQueues } from './render.ts';

const HELP = `npm run lag                   how far behind the readers are

Per consumer group and topic: in how many partitions something is left to read,
how many messages in all, how many come in and go out per second, and when
nothing will be left at these rates. Then the queues of RabbitMQ. It is drawn
again every two seconds until Ctrl-C; without a terminal it tells once.

  --once                look for one second, tell, and end
  --partitions          also each partition with something left to read
  --folder <path>       the shop's; left out: .cartwheel/up, or else demo`;

const LOOK_EVERY_MS = 2_000;
const FIRST_LOOK_MS = 1_000;

await asProgram(
  HELP,
  { folder: { type: 'string' }, once: { type: 'boolean' }, partitions: { type: 'boolean' } },
  async ({ folder, flags }, signal) => {
    const target = readTarget(shopFiles(folder));
    const topology = topologyOf(target.namespace);
    const brokers = target.kafkaBrokers.join(', ');
    const admin: Admin = createKafka(target.kafkaBrokers, 'lag').admin();
    await answering('Kafka', brokers, admin.connect());
    try {
      const look = () => answering('Kafka', brokers, readGroups(admin, topology));
      const isLive = process.stdout.isTTY && !flags.has('once');
      let before: Sample = await look();
      for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = LOOK_EVERY_MS) {
        await delay(pauseMs, signal);
        signal.throwIfAborted();
        const now = await look();
        const queues = await readQueues(target.rabbitmqUrl, topology).then(renderQueues, unread);
        const parts = [
          renderGroups(measure(before, now)),
          ...(flags.has('partitions') ? [renderPartitions(now)] : []),
          queues,
        ];
        const clear = isLive ? '\x1b[2J\x1b[H' : '';
        const foot = isLive ? `\n\n${new Date().toISOString().slice(11, 19)}Z, again every 2 s; Ctrl-C ends.` : '';
        console.log(`${clear}${parts.join('\n\n')}${foot}`);
        if (!isLive) return;
        before = now;
      }
    } finally {
      await admin.disconnect();
    }
  },
);
