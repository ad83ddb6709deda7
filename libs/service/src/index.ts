export { environment, Port, readConfig, type ServiceConfig } from './config.ts';
export { platformSchemas, workerSchemas } from './schemas.ts';
export { DATABASE } from './platform.module.ts';
export { runService, type ServiceDescription } from './run-service.ts';
