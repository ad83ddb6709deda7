export { idempotencySchema, once } from './idempotent.ts';
export { IdempotencyKey, RequestCause } from './request.ts';
export { frameworkError, type Problem, ProblemFilter } from './problem.filter.ts';
export { validationPipe } from './validation.ts';
