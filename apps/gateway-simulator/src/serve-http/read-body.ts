import type { IncomingMessage } from 'node:http';
import { invalidRequest } from '../refusal.ts';

export const MAX_BODY_BYTES = 64 * 1024;

/** The request's form body as text. Refuses other media types, more than 64 KiB and what is not UTF-8. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return '';
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/x-www-form-urlencoded') {
    throw invalidRequest('The body must be application/x-www-form-urlencoded.');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidRequest('The body is not UTF-8.');
  }
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(invalidRequest(`The body is larger than ${MAX_BODY_BYTES} bytes.`, { status: 413 }));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => reject(invalidRequest('The body ended early.')));
  });
}
