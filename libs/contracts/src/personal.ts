/** `ada@example.com` → `a***@example.com`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? '***' : `${email[0]}***${email.slice(at)}`;
}

/** A copy of a fact's data with the personal fields masked, for everything that shows facts to a person. */
export function maskPersonal(data: unknown): unknown {
  if (data === null || typeof data !== 'object' || !('customer' in data)) return data;
  return { ...data, customer: { name: '***', email: '***' } };
}
