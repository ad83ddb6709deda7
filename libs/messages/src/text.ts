import { z } from 'zod';

/**
 * Text that every store and protocol here can hold: no control characters (PostgreSQL knows no NUL, a mail header must not
 * hold a line break) and no half of a surrogate pair (no UTF-8).
 */
export function text(max: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');
}
