import { environment, readConfig } from '@cartwheel/service';

/** The only reader of process.env. */
export const config = readConfig('inventory', environment, process.env);
