import { ApiExtension } from '@nestjs/swagger';

/** Under this name the API document finds the codes of an operation, before it gives them their place. */
export const PROBLEM_CODES = 'x-problem-codes';

/** What any operation may answer, whatever it does. */
export const COMMON_PROBLEMS = [
  'invalid-request',
  'malformed-request',
  'not-found',
  'request-too-slow',
  'body-too-large',
  'uri-too-long',
  'unsupported-media-type',
  'headers-too-large',
  'internal-error',
  'temporarily-unavailable',
  'answer-too-slow',
] as const;

export const IDEMPOTENCY_PROBLEMS = [
  'idempotency-key-missing',
  'idempotency-key-invalid',
  'idempotency-key-in-use',
  'idempotency-key-reused',
] as const;

/** Codes of docs/reference/errors.md that this operation, or all of a controller's, may answer with beside the common ones. */
export const Problems = (...codes: string[]) => ApiExtension(PROBLEM_CODES, codes);
