import { readConfig } from './config.ts';
import { logToStdout as log } from './log.ts';
import { startGateway } from './start-gateway.ts';
import { WrongSetting } from './wrong-setting.ts';

try {
  const config = readConfig();
  const gateway = await startGateway({ ...config, log });
  log('listening', { url: gateway.url, webhooks: config.webhook !== undefined });

  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log('stopping', { signal });
    await gateway.stop();
    log('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
} catch (error) {
  if (!(error instanceof WrongSetting)) throw error;
  error.problems.forEach((problem) => process.stderr.write(`gateway-simulator: ${problem}\n`));
  process.exitCode = 1;
}
