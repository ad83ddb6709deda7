/** `ada@example.com` → `a***@example.com`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? '***' : `${email[0]}***${email.slice(at)}`;
}

/** The fields of a message's data that are about a person, each with what is shown in its place. */
export type Personal = Readonly<Record<string, unknown>>;

/** A copy of a message's data in which the personal fields are masked. Data without one is returned as it is. */
export function mask(data: unknown, personal: Personal): unknown {
  if (data === null || typeof data !== 'object') return data;
  const masked = Object.entries(personal).filter(([field]) => field in data);
  return masked.length === 0 ? data : { ...data, ...Object.fromEntries(masked) };
}
