import { environment, readConfig } from '@cartwheel/service';

/** The only reader of process.env. */
export const config = readConfig('analytics', environment, process.env);
