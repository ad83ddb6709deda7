import type { Revealed } from '@cartwheel/parking';
import { wrap } from '../verify/render.ts';
import type { Letter, Message, Place } from './shop.ts';

export function nameOf({ service, position }: Place): string {
  return `${service}/${position}`;
}

/** Three or four lines per message, none wider than 80 columns. */
export function renderList(messages: readonly Message[]): string {
  return messages.map((message) => renderMessage(message).join('\n')).join('\n\n');
}

export function renderMessage(message: Message): string[] {
  const { consumer, source, topic, partition, offset, type, key, attempts, errorClass, errorMessage } = message;
  const from = source === 'kafka' ? `${topic} ${partition}@${offset}` : topic;
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const what =
    errorClass === null ? 'waits behind another' : `${errorClass}, ${tries}, last ${instant(message.lastFailedAt)}`;
  return [
    ...wrap(`${nameOf(message)}  ${type ?? 'unknown type'} at ${consumer}, from ${from}`, INDENT),
    ...wrap(`  key ${key}`, INDENT),
    ...wrap(`  ${what}`, INDENT),
    ...(errorMessage === null ? [] : wrap(`  ${printable(errorMessage)}`, INDENT)),
  ];
}

export function renderLetter(letter: Letter): string {
  const { message, payload, blockedBy, behind, state, service } = letter;
  const lines = [
    ...renderMessage(letter),
    `  ${state}, id ${letter.eventId}`,
    ...(blockedBy === null ? [] : [`  waits behind ${service}/${blockedBy}, which is dead`]),
    ...(behind === 0 ? [] : [`  ${behind} of its key behind it`]),
    payload === null ? '  no payload' : `  payload ${payload.bytes} bytes, sha256 ${payload.sha256.slice(0, 16)}…`,
  ];
  if (message === undefined) return [...lines, '  It cannot be read; --reveal shows it as it is.'].join('\n');
  const { time, version, correlationId, causationId, data } = message;
  const origin = [
    `  version ${version}, of ${time}`,
    `  correlation id ${correlationId}`,
    ...wrap(`  caused by ${causationId}`, INDENT),
  ];
  return [...lines, ...origin, printable(JSON.stringify(data, null, 2))].join('\n');
}

export function renderRevealed({ key, errorMessage, headers, payload }: Revealed): string {
  const body = payload === null ? '(none)' : 'text' in payload ? payload.text : `base64: ${payload.base64}`;
  return [
    `key: ${printable(key)}`,
    `error: ${printable(errorMessage ?? '(none)')}`,
    'headers:',
    ...Object.entries(headers).map(([name, value]) => `  ${printable(name)}: ${printable(value)}`),
    'payload:',
    printable(body),
  ].join('\n');
}

const INDENT = 4;

/** What came from elsewhere must not move the cursor, or write from right to left. Line breaks stay. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\n]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);
}

function instant(iso: string | null): string {
  return iso === null ? 'never' : `${iso.slice(0, 19).replace('T', ' ')}Z`;
}
