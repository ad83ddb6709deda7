import { Friendly } from './friendly.ts';

export function useDocker(): never {
  throw new Friendly(
    'The engines cannot be started with Docker yet: leave the choice out, or give addresses of your own.',
  );
}
