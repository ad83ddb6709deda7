export type { ConsumerDescription } from './consumers.ts';
export { environment, Port, readConfig, type ServiceConfig } from './config.ts';
export { platformSchemas, workerSchemas } from './schemas.ts';
export { DATABASE } from './database.ts';
export type { OnPublished } from './observed-messages.ts';
export type { Sample } from './samples.ts';
export { runService, type ServiceDescription } from './run-service.ts';
export type { Action, Processed, TaskAttempt, Trail, Waiting } from './trail.ts';
