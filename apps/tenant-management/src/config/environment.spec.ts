import { describe, expect, it } from 'vitest';
import { EnvironmentError, readEnvironment } from './environment.js';

const needed = { DATABASE_URL: 'postgres://registry@localhost/registry', SERVICE_TOKEN: 'a-token-of-20-letters' };

describe('the environment', () => {
  it('needs a database and a token, and has a default for everything else', () => {
    expect(readEnvironment(needed)).toEqual({
      PORT: 3001,
      HOST: '0.0.0.0',
      DATABASE_URL: 'postgres://registry@localhost/registry',
      DATABASE_POOL_SIZE: 10,
      READY_SCHEMAS: 3,
      SERVICE_TOKEN: ['a-token-of-20-letters'],
      TENANT_ROLES: [],
      TENANT_DROP_GRACE_DAYS: 30,
      RESERVED_TENANT_IDS: [],
      MAX_CHANGE_STREAMS: 1_000,
    });
  });

  it('takes several tokens and several roles', () => {
    const env = readEnvironment({
      ...needed,
      SERVICE_TOKEN: 'first-token-of-some, second-token-of-some,',
      TENANT_ROLES: 'communication, reporting',
    });
    expect(env.SERVICE_TOKEN).toEqual(['first-token-of-some', 'second-token-of-some']);
    expect(env.TENANT_ROLES).toEqual(['communication', 'reporting']);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readEnvironment({ ...needed, PORT: '', TENANT_ROLES: '' }).PORT).toBe(3001);
  });

  it('names every variable that is wrong, at once', () => {
    const wrong = { PORT: 'http', DATABASE_POOL_SIZE: '1', DATABASE_URL: 'mysql://root:hidden@localhost/x' };
    expect(problemsOf(wrong)).toEqual([
      expect.stringContaining('PORT must be a port'),
      expect.stringContaining('DATABASE_URL must be an address such as postgres://'),
      expect.stringContaining('DATABASE_POOL_SIZE'),
      expect.stringContaining('SERVICE_TOKEN is missing'),
    ]);
  });

  it.each(['short', 'long-enough-and-then, short', ', ,', 'a token with spaces in it', 'line-break-in-the-\n-middle'])(
    'refuses the token %j without repeating it',
    (SERVICE_TOKEN) => {
      const problems = problemsOf({ ...needed, SERVICE_TOKEN });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('SERVICE_TOKEN has');
      expect(problems[0]).not.toContain(SERVICE_TOKEN);
    },
  );
});

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readEnvironment(env);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
  return [];
}
