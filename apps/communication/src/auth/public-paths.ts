import { excludedPaths } from 'nestjs-tenancy';

/** Paths that need neither a token nor a tenant; `*` stands for anything. */
export const PUBLIC_PATHS = ['/health', '/docs*'] as const;

/** Whether a path is one of them, exactly as it was sent: whatever is spelt differently needs a token. */
export const isPublicPath = excludedPaths(PUBLIC_PATHS);
