import { secretSettings } from 'communication-schema';
import { canonicalHost, isSealedSecret } from 'nestjs-tenancy';
import { z } from 'zod';

export const MAX_SETTINGS_BYTES = 16_384;
const MAX_DEPTH = 5;

// Names end up in the headers of mails and in log lines.
const NO_CONTROL = /^\P{Cc}*$/u;
const SETTING_KEY = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

/** A whole host name. It is kept in lower case, as the requests of the tenant's users are compared. */
export const domain = z
  .string()
  .max(253)
  .refine(
    // Before it is lower-cased: outside ASCII there are letters whose lower case is an ASCII one.
    (name) => canonicalHost(name) === name.toLowerCase(),
    'Not a host name such as app.acme.com: no scheme, no port, no path, no address.',
  )
  .toLowerCase()
  .meta({ examples: ['app.acme.com'] });

export const domains = z.array(domain).max(100).describe('Whole host names; each belongs to one tenant only.');

export const name = z.string().trim().min(1).max(200).regex(NO_CONTROL, 'Has control characters in it.');

export const plan = z.string().trim().min(1).max(100).regex(NO_CONTROL, 'Has control characters in it.');

/** The name of a database server, as the services know it. */
export const database = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9_-]+$/, 'Not the name of a database server.');

/** Whatever the caller wants to keep with a tenant. */
export const metadata = boundedObject();

/** Settings of a tenant by flat, dotted keys. What they mean is for the services that read them. */
export const settings = boundedObject()
  .superRefine((value, context) => {
    for (const [key, setting] of Object.entries(value)) {
      if (!SETTING_KEY.test(key) || key.length > 200) {
        context.addIssue({ code: 'custom', path: [key], message: 'Not a key such as email.from.' });
      }
      // The registry has no key to encrypt it with: what is sent here in plain text would be stored so.
      if (!secretSettings.includes(key) || setting === null || isSealedSecret(setting)) continue;
      context.addIssue({ code: 'custom', path: [key], message: 'A secret. Set it in the service that encrypts it.' });
    }
  })
  .meta({ examples: [{ 'email.from': 'hello@acme.com' }] });

function boundedObject() {
  return z.record(z.string(), z.unknown()).superRefine((value, context) => {
    if (depthOf(value) > MAX_DEPTH) context.addIssue({ code: 'custom', message: `Deeper than ${MAX_DEPTH} levels.` });
    if (Buffer.byteLength(JSON.stringify(value)) > MAX_SETTINGS_BYTES) {
      context.addIssue({ code: 'custom', message: `More than ${MAX_SETTINGS_BYTES} bytes.` });
    }
  });
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
