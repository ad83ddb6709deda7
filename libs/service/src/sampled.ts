import { attributes, type Metric, metrics, observe, type Reading } from '@cartwheel/observability';
import { withDeadline } from '@cartwheel/primitives';

const KEPT_MS = 5_000;
const PATIENCE_MS = 1_000;

/** What stands in a database or a broker, and how it is asked. */
export type Source = {
  readonly name: string;
  readonly gauges: readonly Metric[];
  readonly read: () => Promise<readonly Reading[]>;
  readonly onError: (error: unknown) => void;
};

/**
 * Shows what a source says at every scrape. Who scrapes often, or from many places, does not ask it more often than every
 * five seconds, and never twice at once; a source that is away or slow holds up no scrape, and fails none: what it would
 * have said is missing, and `cartwheel.source.up` is 0. A value of long ago would look like one of now.
 */
export function observeSource({ name, gauges, read, onError }: Source): void {
  let kept: { at: number; readings: readonly Reading[] } = { at: -Infinity, readings: [] };
  let reading: Promise<void> | undefined;
  const refresh = async () => {
    const readings = await read();
    kept = { at: performance.now(), readings };
  };
  observe([...gauges, metrics.sourceUp], async () => {
    const isFresh = () => performance.now() - kept.at < KEPT_MS;
    // Asked once: what is fresh here and stale a line below would be missing, and nobody asked for it.
    let fresh = isFresh();
    if (!fresh) {
      reading ??= refresh()
        .catch(onError)
        .finally(() => (reading = undefined));
      await withDeadline(name, PATIENCE_MS, reading).catch(() => undefined);
      fresh = isFresh();
    }
    const up = { metric: metrics.sourceUp, value: Number(fresh), attributes: { [attributes.source]: name } };
    return fresh ? [...kept.readings, up] : [up];
  });
}
