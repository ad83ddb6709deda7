export { environment, Port, readConfig, type ServiceConfig } from './config.ts';
export { platformSchemas, workerSchemas } from './schemas.ts';
export { POOL } from './platform.module.ts';
export { runService, type ServiceDescription } from './run-service.ts';
