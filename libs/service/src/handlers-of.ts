import { facts } from '@cartwheel/contracts';
import type { Handled, Handlers } from '@cartwheel/inbox';
import type { Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';

/** The `@EventPattern` methods that Nest has registered with a strategy, as an inbox calls them. */
export function handlersOf<Context>(strategy: Server): Handlers<Context> {
  return {
    has: (type) => strategy.getHandlers().has(type),
    handle: async (type, data, context) => {
      // Nest turns a thrown error into an Observable that errors: awaiting the handler alone would swallow it.
      const result: unknown = await strategy.getHandlers().get(type)!(data, context);
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    },
  };
}

/** The facts that they are for, each in the version that this program reads. */
export function handledOf(strategy: Server): Handled[] {
  return [...strategy.getHandlers().keys()].flatMap((type) =>
    Object.hasOwn(facts, type) ? [{ type, version: facts[type as keyof typeof facts].version }] : [],
  );
}
