/** `statement`: one small insert; `none`: what the libraries cost by themselves. */
export type Handler = 'statement' | 'none';

export const EFFECT = 'INSERT INTO bench_effects (subject) VALUES ($1)';
