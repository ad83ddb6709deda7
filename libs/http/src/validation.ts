import { StandardSchemaValidationPipe } from '@nestjs/common';
import { DomainError } from '@cartwheel/primitives';

/** Checks every `@Body({ schema })`, `@Query({ schema })` and `@Param({ schema })` against its zod schema. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => {
      const errors = issues.slice(0, 20).map(({ path = [], message }) => ({
        path: path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.') || '(body)',
        message,
      }));
      return new DomainError('invalid-request', 'The request does not have the expected shape.', 400, errors);
    },
  });
}
