export { idempotencySchema, once } from './idempotent.ts';
export { OPS_TOKEN, OperatorsOnly } from './operators-only.ts';
export { documented, IdempotencyKey, Operator, RequestCause } from './request.ts';
export { frameworkError, type Problem, ProblemFilter } from './problem.filter.ts';
export { COMMON_PROBLEMS, IDEMPOTENCY_PROBLEMS, PROBLEM_CODES, Problems } from './problems.ts';
export { validationPipe } from './validation.ts';
export { LIMITS, limitAnswers, serverOptions, Streams } from './server-limits.ts';
