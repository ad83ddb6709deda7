import { Friendly } from './stack/friendly.ts';
import type { Provider } from './stack/stack.ts';

const providers: readonly string[] = ['external', 'docker', 'native'] satisfies Provider[];

/** The value of `--stack`, as `startStack` wants it. */
export function stackOption(chosen: string | undefined): { provider?: Provider } {
  if (chosen === undefined) return {};
  if (!providers.includes(chosen))
    throw new Friendly(`--stack is "${chosen}"; it must be one of ${providers.join(', ')}.`);
  return { provider: chosen as Provider };
}
