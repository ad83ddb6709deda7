import { z } from 'zod';
import { invalidRequest } from '../refusal.ts';

export const amountMinor = z
  .string()
  .regex(/^[1-9]\d{0,7}$/, 'must be a positive whole number in the smallest unit of the currency, at most 99999999')
  .transform(Number);
export const currency = z
  .string()
  .regex(/^[a-z]{3}$/i, 'must be a three-letter currency code')
  .toLowerCase();
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const metadata = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((fields) => Object.keys(fields).length <= 50, 'has more than 50 keys')
  .default({});
export const text = z.string().min(1).max(1000);

/** Reads decoded form fields or refuses, naming the first field that is wrong. Values never appear in the message. */
export function readParams<Schema extends z.ZodType>(schema: Schema, params: unknown): z.output<Schema> {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const param = formName([...issue.path, issue.keys[0] ?? '']);
    throw invalidRequest('The gateway simulator does not know this parameter.', { code: 'parameter_unknown', param });
  }
  const path = issue?.path ?? [];
  const param = formName(path);
  if (valueAt(params, path) === undefined) {
    throw invalidRequest(`Missing required parameter: ${param}.`, { code: 'parameter_missing', param });
  }
  throw invalidRequest(`Invalid ${param}: ${issue?.message}.`, { code: 'parameter_invalid', param });
}

const formName = ([head, ...rest]: readonly PropertyKey[]) =>
  `${String(head ?? '')}${rest.map((part) => `[${String(part)}]`).join('')}`;

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
