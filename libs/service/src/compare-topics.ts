import type { Topology } from '@cartwheel/contracts';
import { type Kafka, topicDrift } from '@cartwheel/kafka';
import type { Logger } from '@cartwheel/observability';
import { backoff, delay, describeError } from '@cartwheel/primitives';

/**
 * Says at start which topics are not as the topology wants them: one that keeps its facts for a week loses them. It is no
 * reason to stop: `npm run setup` mends it. Partitions are not compared: how many there are is for set-up to know.
 */
export async function compareTopics(
  kafka: Kafka,
  topology: Topology,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      const drift = await topicDrift(kafka, topology);
      for (const { topic, setting, is, wanted } of drift) {
        if (setting !== 'partitions') logger.error({ topic, setting, is, wanted }, 'topic drifted: run the set-up');
      }
      return;
    } catch (error) {
      logger.warn({ attempt, ...describeError(error) }, 'cannot compare the topics');
      await delay(backoff(attempt, { baseMs: 1_000, maxMs: 60_000 }), signal);
    }
  }
}
