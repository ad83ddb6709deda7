import { Friendly } from '../stack/friendly.ts';
import type { ServiceName } from '../verify/target.ts';
import { wrap } from '../verify/render.ts';
import { nameOf } from './render.ts';
import { selected, type Values } from './select.ts';
import { NoAnswer, type Place, Refused, type Shop } from './shop.ts';

/** One after the other, oldest first: of one key, what is before is back in place before what is behind it. */
export async function act(
  shop: Shop,
  action: 'replay' | 'discard',
  values: Values,
  words: readonly string[],
): Promise<void> {
  const { flags, reason } = values;
  if (action === 'discard' && !reason?.trim()) throw new Friendly('A discard needs a reason: --reason "…"');
  const places = await selected(shop, values, words);
  const silent = new Set<ServiceName>();
  let done = 0;
  for (const place of places) {
    if (silent.has(place.service)) continue;
    try {
      const told = flags.has('dry-run')
        ? await wouldBe(shop, action, place, places)
        : `${DONE[action]} ${nameOf(place)}${standing(action, place, await shop.act(action, place, reason))}`;
      console.log(told);
      done += 1;
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      process.exitCode = 1;
      console.error(wrap(`not ${DONE[action]}: ${nameOf(place)}: ${error.message}`, 4).join('\n'));
      // Whether this one was done, a list will tell; the rest of that service is left alone.
      if (error instanceof NoAnswer) silent.add(place.service);
    }
  }
  const count = `${done} of ${places.length}`;
  console.log(
    flags.has('dry-run') ? `Would be ${DONE[action]}: ${count}. Nothing was done.` : `${DONE[action]}: ${count}`,
  );
}

const DONE = { replay: 'replayed', discard: 'discarded' } as const;

/** @throws Refused when it is not dead: so would be the action */
async function wouldBe(shop: Shop, action: 'replay' | 'discard', place: Place, all: readonly Place[]): Promise<string> {
  const letter = await shop.show(place);
  if (letter.state !== 'dead') throw new Refused('It is parked, not dead.');
  const { blockedBy } = letter;
  const ours = all.some(({ service, position }) => service === place.service && position === blockedBy);
  return `would ${action} ${nameOf(place)}${standing(action, place, { ...letter, blockedBy: ours ? null : blockedBy })}`;
}

function standing(
  action: 'replay' | 'discard',
  { service }: Place,
  { blockedBy, behind }: { blockedBy: number | null; behind: number },
): string {
  if (action === 'replay') return blockedBy === null ? '' : `; it waits behind ${service}/${blockedBy}, which is dead`;
  return blockedBy === null && behind > 0 ? `; ${behind} behind it go on without it` : '';
}
