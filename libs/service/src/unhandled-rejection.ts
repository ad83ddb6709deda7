import { noteStrayRejection } from '@cartwheel/inbox';
import { activeCorrelationId, attributes, classOf, count, type Logger, metrics } from '@cartwheel/observability';
import { describeError } from '@cartwheel/primitives';

/**
 * What a process does about a promise that was rejected and that nobody awaited. One that a message's handler or a request let
 * go of is theirs: the message fails by it, and whatever else is in hand goes on. Node calls this in the async context of the
 * rejection. One that is nobody's may have ended a loop of ours: the process ends too.
 */
export function unhandledRejection(logger: Pick<Logger, 'error'>, onFatal: (reason: string) => void) {
  return (error: unknown): void => {
    if (!noteStrayRejection(error) && activeCorrelationId() === undefined) return onFatal(describeError(error).stack);
    count(metrics.strayRejections, { [attributes.error]: classOf(error) });
    logger.error(describeError(error), 'a promise was rejected that nobody awaited');
  };
}
