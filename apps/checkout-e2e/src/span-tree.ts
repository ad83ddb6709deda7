/** A span as Zipkin's API gives it. */
export type ZipkinSpan = {
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  readonly kind?: string;
  readonly localEndpoint: { readonly serviceName: string };
  readonly tags: Readonly<Record<string, string>>;
};

/**
 * A trace as text: children below their parents, in the order of their words. A name loses its namespace and gets the type of
 * its message and the consumer's name behind it.
 */
export function spanTree(spans: readonly ZipkinSpan[], namespace: string): string {
  const known = new Set(spans.map(({ id }) => id));
  const childrenOf = (id: string | undefined) =>
    spans.filter(({ parentId }) => (parentId !== undefined && known.has(parentId) ? parentId : undefined) === id);
  const render = (span: ZipkinSpan): string[] => {
    const below = childrenOf(span.id)
      .map(render)
      .toSorted((one, other) => one.join().localeCompare(other.join(), 'en'));
    return [lineOf(span, namespace), ...below.flatMap((lines) => lines.map((line) => `  ${line}`))];
  };
  return childrenOf(undefined).flatMap(render).join('\n');
}

function lineOf({ name, kind, localEndpoint, tags }: ZipkinSpan, namespace: string): string {
  const type = tags['cloudevents.event_type'];
  const group = tags['messaging.consumer.group.name'];
  const who = group ?? localEndpoint.serviceName;
  const what = [name.replaceAll(`${namespace}.`, ''), type].filter(Boolean).join(' ');
  return `${what} · ${kind?.toLowerCase() ?? 'internal'} · ${who}`;
}
