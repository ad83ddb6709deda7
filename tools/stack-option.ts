import { Friendly } from './stack/friendly.ts';
import type { Provider } from './stack/stack.ts';

const providers: readonly string[] = ['external', 'docker', 'native'] satisfies Provider[];

/** The value of `--stack`, else of `CARTWHEEL_STACK`, as `startStack` wants it. */
export function stackOption(option: string | undefined): { provider?: Provider } {
  const chosen = option ?? process.env['CARTWHEEL_STACK'];
  if (chosen === undefined) return {};
  if (!providers.includes(chosen))
    throw new Friendly(`--stack (or CARTWHEEL_STACK) is "${chosen}"; it must be one of ${providers.join(', ')}.`);
  return { provider: chosen as Provider };
}
