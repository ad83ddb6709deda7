import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@cartwheel/primitives';
import type { FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';

/** The secret that operators know; empty: there are none. */
export const OPS_TOKEN = Symbol('OPS_TOKEN');

/**
 * Lets a request in that brings the operators' token. It stands on the port that customers use too, so an address alone
 * must not be enough: a proxy in front of the service passes `/ops` on, a web page can make a browser on this machine send a
 * POST to loopback. Neither can know the token, and a browser asks before it sends such a header to a stranger.
 */
@Injectable()
export class OperatorsOnly implements CanActivate {
  constructor(@Inject(OPS_TOKEN) private readonly token: string) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    if (this.token !== '' && isSame(authorization, `Bearer ${this.token}`)) return true;
    throw new DomainError('operators-only', 'This is for operators: Authorization: Bearer <OPS_TOKEN>.', 403);
  }
}

/** Takes the same time wherever the two differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
