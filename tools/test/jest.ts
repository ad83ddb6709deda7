import type { Stack } from '../stack/stack.ts';

export const jest = 'node_modules/jest/bin/jest.js';

/** What Jest needs to find in its environment, and the engines that the tests are to use. */
export function jestEnvironment(stack?: Stack): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS:
      '--experimental-vm-modules --disable-warning=ExperimentalWarning --disable-warning=TimeoutNegativeWarning',
    ...(stack ? { CARTWHEEL_TEST_ENGINES: JSON.stringify(stack.addresses) } : {}),
  };
}
