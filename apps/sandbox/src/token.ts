import { issueToken } from 'communication/issue-token';
import { loadSecrets } from './secrets.js';
import { readSettings } from './settings.js';

const USAGE = `Prints a token for the sandbox's communication service.

  npm run -s token -- acme          for the tenant acme
  npm run -s token -- --platform    for the platform, which may act for any tenant

It is valid for 8 hours. SANDBOX_DIR names the sandbox's folder where it is not .sandbox.`;

const [subject, ...rest] = process.argv.slice(2);
if (subject === '--help' || subject === '-h') {
  console.log(USAGE);
} else if (subject === undefined || rest.length > 0 || (subject.startsWith('-') && subject !== '--platform')) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const { jwtSecret } = await loadSecrets(readSettings(process.env).directory);
  const who = subject === '--platform' ? { platform: true } : { tenant: subject };
  console.log(issueToken({ ...who, secret: jwtSecret, expiresIn: '8h' }));
}
