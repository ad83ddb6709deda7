import { invalidRequest } from '../refusal.ts';

export type Field = readonly [name: string, value: string];
export type Form = string | Form[] | { [name: string]: Form };
type Node = Map<string, Node | string>;

const MAX_DEPTH = 5;

/** `a%5Bb%5D=1&c=x+y` → [['a[b]', '1'], ['c', 'x y']]. Refuses broken percent escapes. */
export function decodeFields(body: string): Field[] {
  return body
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
    });
}

/** Bracketed names become objects; an object whose names are 0, 1, 2 … becomes an array. */
export function nestFields(fields: readonly Field[]): { [name: string]: Form } {
  const root: Node = new Map();
  for (const [name, value] of fields) place(root, partsOf(name), value, name);
  return plainObject(root);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidRequest('The body holds a broken percent escape.');
  }
}

/** `metadata[orderId]` → ['metadata', 'orderId']; `types[]` → ['types', '0']. */
function partsOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (!match) throw invalidRequest('A parameter name in the body has unbalanced brackets or is empty.');
  const inner = [...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map(([, part]) => part || '0');
  const parts = [match[1] ?? '', ...inner];
  if (parts.length > MAX_DEPTH) throw invalidRequest('The body is nested too deeply.');
  return parts;
}

function place(root: Node, parts: readonly string[], value: string, name: string): void {
  const last = parts.length - 1;
  let node = root;
  for (const part of parts.slice(0, last)) {
    const next = node.get(part) ?? new Map<string, Node | string>();
    if (typeof next === 'string') throw givenTwice(name);
    node.set(part, next);
    node = next;
  }
  const leaf = parts[last] ?? '';
  if (node.has(leaf)) throw givenTwice(name);
  node.set(leaf, value);
}

const givenTwice = (param: string) => invalidRequest('This parameter is given more than once.', { param });

/** Object.fromEntries defines properties, so that a name like __proto__ is only a name. */
const plainObject = (node: Node): { [name: string]: Form } =>
  Object.fromEntries([...node].map(([name, value]) => [name, typeof value === 'string' ? value : plain(value)]));

function plain(node: Node): Form {
  const object = plainObject(node);
  const isList = [...node.keys()].every((_, index) => node.has(String(index)));
  return isList ? [...node.keys()].map((_, index) => object[String(index)] ?? '') : object;
}
