import { v5, v7, validate } from 'uuid';

const NAMESPACE = 'c5f4b1f2-3c64-5f0e-9a52-2f1f6f1c7a10';

/** A new UUIDv7: sortable by time, so that primary keys grow at one end of their index. */
export function newId(): string {
  return v7();
}

/** When an id of ours was made, in ms since 1970: a UUIDv7 begins with it. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.replace('-', '').slice(0, 12), 16);
}

/** The UUIDv5 of the parts: the same parts give the same id in every process and for ever. */
export function deriveId(...parts: (string | number)[]): string {
  return v5(JSON.stringify(parts), NAMESPACE);
}

export function isId(text: string): boolean {
  return validate(text);
}
