import { describe, expect, it } from 'vitest';
import { InMemoryTenantStore } from '../../tenants/in-memory-tenant-store.js';
import { Output } from './output.js';
import { Redaction } from './redact.js';

function outputs(password: string, json: boolean) {
  const printed = { stdout: '', stderr: '' };
  const streamOf = (name: keyof typeof printed) => ({ write: (text: string) => (printed[name] += text) !== '' });
  const redaction = new Redaction();
  const url = `postgres://app:${encodeURIComponent(password)}@127.0.0.1/app`;
  redaction.learn({ store: new InMemoryTenantStore([]), database: { url } });
  return { printed, output: new Output(streamOf('stdout'), streamOf('stderr'), { json }, {}, redaction) };
}

describe('a document of JSON', () => {
  it.each(['pa"ss', 'back\\slash', '12', '{'])(
    'is one without the password in it, whatever that is: %s',
    (password) => {
      const { printed, output } = outputs(password, true);
      output.answer({ exitCode: 0, lines: [], document: { rows: 4123, reason: `the login ${password} failed` } });

      expect(JSON.parse(printed.stdout)).toEqual({ rows: 4123, reason: 'the login *** failed' });
    },
  );
});

describe('an error', () => {
  it('has nothing in it that a terminal would obey', () => {
    const { printed, output } = outputs('secret', false);
    output.fail({ code: 'X', message: 'tenant \u001b]0;owned\u0007', exitCode: 1 }, undefined);

    expect(printed.stderr).toBe('Error X: tenant \\u001b]0;owned\\u0007\n');
  });
});
