import { run } from './run.js';

/** The system user that a PostgreSQL process runs as. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user to start PostgreSQL as. PostgreSQL refuses to run as root, so there it is the system user `postgres`, who is
 * created when missing; undefined means whoever runs this process.
 */
export async function postgresUser(): Promise<PostgresUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await findUser();
  if (existing) return existing;
  const failure: unknown = await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).then(
    () => undefined,
    (error: unknown) => error,
  );
  // Looked up even after a failure: another process may have created the user in between.
  const created = await findUser();
  if (created) return created;
  throw new Error(
    'PostgreSQL refuses to run as root, and the user "postgres" to run it as could not be created. ' +
      'Create that user, or start this as another user than root.',
    { cause: failure },
  );
}

async function findUser(): Promise<PostgresUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
    return { uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

/** Whether `user` can enter `folder`: asked of the system, which also knows of access lists and of its mounts. */
export async function canEnter(folder: string, user: PostgresUser | undefined): Promise<boolean> {
  if (!user) return true;
  return run('sh', ['-c', 'cd -- "$1"', 'sh', folder], user).then(
    () => true,
    () => false,
  );
}
