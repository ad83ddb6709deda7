import type { Handlers } from '@cartwheel/inbox';
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
