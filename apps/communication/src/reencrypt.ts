import { readEnvironment } from './environment.js';
import { reencryptSecrets } from './settings/reencrypt-secrets.js';
import { describeStartFailure } from './start-failure.js';

// node apps/communication/dist/reencrypt.js, with the environment of the service: after a key was put before the others in
// SETTINGS_KEYS, and before the old one is taken away.
try {
  for await (const { tenantId, settings, error } of reencryptSecrets(readEnvironment(process.env))) {
    if (error !== undefined) {
      console.error(`${tenantId}: ${error}`);
      process.exitCode = 1;
    } else if (settings.length > 0) console.log(`${tenantId}: ${settings.join(', ')}`);
  }
} catch (error) {
  console.error(`Secrets could not be encrypted anew. ${describeStartFailure(error)}`);
  process.exitCode = 1;
}
