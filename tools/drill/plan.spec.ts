import { expect, test } from '@jest/globals';
import { choose, fullPlan, quickPlan, type Round } from './plan.ts';
import { windows } from './windows.ts';

const shotsOf = (rounds: readonly Round[]) => rounds.flatMap((round) => [...round.values()].flat());

test('the full drill kills every service in each of its windows at each of three passes', () => {
  const wanted = windows.flatMap(({ name, services }) =>
    services.flatMap((service) => [1, 2, 3].map((pass) => `${service} ${name} ${pass}`)),
  );
  const planned = shotsOf(fullPlan(windows)).map(({ service, window, pass }) => `${service} ${window} ${pass}`);
  expect(planned.toSorted()).toEqual(wanted.toSorted());
});

test('in the full drill no service has two windows in one round', () => {
  for (const round of fullPlan(windows)) {
    for (const shots of round.values()) expect(new Set(shots.map(({ window }) => window)).size).toBe(1);
  }
});

test('the quick drill reaches each window once, at a service that has it', () => {
  const shots = shotsOf(quickPlan(windows));
  expect(shots.map(({ window }) => window).toSorted()).toEqual(windows.map(({ name }) => name).toSorted());
  for (const { window, service } of shots)
    expect(windows.find(({ name }) => name === window)!.services).toContain(service);
});

test('--only takes a window, or a window of one service', () => {
  expect(choose('fact-before-commit')![0]!.services).toHaveLength(5);
  expect(choose('email/fact-before-commit')![0]!.services).toEqual(['email']);
  expect(choose('email/checkout-before-commit')).toBeUndefined();
  expect(choose('unheard-of')).toBeUndefined();
});
