import type { TenantConfig } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import type { Settings, SettingsChange } from './settings.js';

const SERVER = ['smtp.host', 'smtp.port', 'smtp.security', 'smtp.user'] as const;

/**
 * Throws 400 PASSWORD_REQUIRED where a change would send the password that is stored to another server: whoever may change
 * the settings could read it there. Returns whether this holds for these settings only, and not for whatever comes after them.
 */
export function assertPasswordOfServer(
  settings: Pick<TenantConfig<Settings>, 'explain'>,
  patch: SettingsChange | undefined,
): boolean {
  const change = Object(patch) as SettingsChange;
  const changed = SERVER.filter(
    (key) => Object.hasOwn(change, key) && (change[key] ?? undefined) !== settings.explain(key).value,
  );
  const hasPassword = Object.hasOwn(change, 'smtp.password');
  const isStored = settings.explain('smtp.password').layer === 'tenant';
  if (changed.length > 0 && isStored && !hasPassword) {
    throw new ProblemException(
      400,
      'PASSWORD_REQUIRED',
      'Another mail server needs the password again: send "smtp.password" too, or null to remove it.',
    );
  }
  // What changes nothing here may change what somebody else has set meanwhile.
  return !hasPassword && SERVER.some((key) => Object.hasOwn(change, key));
}
