import { type ServiceName, serviceNames } from '../verify/target.ts';
import type { Shot } from './kill.ts';
import { type Window, windows } from './windows.ts';

/** What happens between two looks of the checker: each service dies its own deaths, side by side with the others. */
export type Round = ReadonlyMap<ServiceName, readonly Shot[]>;

const PASSES = [1, 2, 3];

/**
 * Every window at every service that it concerns, at each pass. No service has more than one window in a round: a promise that
 * breaks is the doing of five windows at most.
 */
export function fullPlan(chosen: readonly Window[]): Round[] {
  const own = serviceNames.map((service) => chosen.filter(({ services }) => services.includes(service)));
  return Array.from({ length: Math.max(...own.map(({ length }) => length)) }, (_, round) =>
    roundOf(
      serviceNames.flatMap((service, n) => {
        const window = own[n]![round];
        return window ? PASSES.map((pass) => ({ service, window: window.name, pass })) : [];
      }),
    ),
  );
}

/** Every window once, in turns at the first and at the second pass, at that of its services that has the least to do. */
export function quickPlan(chosen: readonly Window[]): Round[] {
  const shots: Shot[] = [];
  const busy = (service: ServiceName) => shots.filter((shot) => shot.service === service).length;
  // Who has no choice first.
  for (const { name, services } of chosen.toSorted((a, b) => a.services.length - b.services.length)) {
    const service = services.toSorted((a, b) => busy(a) - busy(b))[0]!;
    shots.push({ service, window: name, pass: (shots.length % 2) + 1 });
  }
  return [roundOf(shots)];
}

/** The windows that `--only` names: `<window>` or `<service>/<window>`. Undefined: there is none. */
export function choose(only: string | undefined): readonly Window[] | undefined {
  if (only === undefined) return windows;
  const [name, service] = only.split('/').toReversed();
  const chosen = windows
    .filter((window) => window.name === name)
    .map((window) => ({
      ...window,
      services: window.services.filter((one) => service === undefined || one === service),
    }))
    .filter(({ services }) => services.length > 0);
  return chosen.length > 0 ? chosen : undefined;
}

function roundOf(shots: readonly Shot[]): Round {
  return Map.groupBy(shots, ({ service }) => service);
}
