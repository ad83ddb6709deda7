import { createParamDecorator, type ExecutionContext, type ParamDecoratorEnhancer } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { activeCorrelationId } from '@cartwheel/observability';
import { DomainError, newId } from '@cartwheel/primitives';
import type { FastifyRequest } from 'fastify';

const MAX_KEY_LENGTH = 255;

/** The `Idempotency-Key` header: 1 to 255 printable ASCII characters. */
export const IdempotencyKey = createParamDecorator(
  (_: unknown, context: ExecutionContext): string => {
    const key = request(context).headers['idempotency-key'];
    if (typeof key !== 'string' || key === '') {
      throw new DomainError('idempotency-key-missing', 'Send an Idempotency-Key header, for example a new UUID.', 400);
    }
    if (key.length > MAX_KEY_LENGTH || !/^[\x21-\x7e]+$/.test(key)) {
      throw new DomainError(
        'idempotency-key-invalid',
        `The Idempotency-Key must be 1 to ${MAX_KEY_LENGTH} printable ASCII characters without spaces.`,
        400,
      );
    }
    return key;
  },
  [
    documented(
      ApiHeader({
        name: 'Idempotency-Key',
        required: true,
        description: 'New for each request, the same for its repeats; kept for 24 hours',
        schema: { type: 'string', maxLength: MAX_KEY_LENGTH },
      }),
    ),
  ],
);

/** The `Cartwheel-Operator` header: who acts, for the record. It is believed; the token is what lets somebody in. */
export const Operator = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const operator = request(context).headers['cartwheel-operator'];
  if (typeof operator !== 'string' || !/^[\x20-\x7e]{1,100}$/.test(operator)) {
    throw new DomainError(
      'operator-missing',
      'Say who you are: a Cartwheel-Operator header of 1 to 100 printable ASCII characters.',
      400,
    );
  }
  return operator;
});

/** Why whatever this request starts will happen: the correlation id that its log lines have, and itself as the cause. */
export const RequestCause = createParamDecorator(() => {
  return { correlationId: activeCorrelationId() ?? newId(), causationId: `http:${newId()}` };
});

/** What Nest cannot see of a parameter that a function of ours reads, for the API's document. */
export function documented(decorate: MethodDecorator): ParamDecoratorEnhancer {
  return (target, method) => {
    if (method !== undefined) decorate(target, method, Object.getOwnPropertyDescriptor(target, method)!);
  };
}

function request(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}
