import { proveAgreement } from './agreement.mjs';
import { Findings } from './findings.mjs';
import { provePaths } from './paths.mjs';
import { proveProxies } from './proxies.mjs';
import { proveRefusals } from './refusals.mjs';
import { proveRoutes } from './routes.mjs';
import { proveStrings } from './strings.mjs';

export const PROOFS = {
  agreement: proveAgreement,
  routes: proveRoutes,
  proxies: proveProxies,
  strings: proveStrings,
  paths: provePaths,
  refusals: proveRefusals,
};

/** Runs a proof. What nobody catches meanwhile is a violation too: it would end the process. */
export async function prove(name, library, options) {
  const findings = new Findings(options.limit, options.awaited);
  const crash = (error) => findings.violation('crashes', error?.stack ?? String(error));
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const started = performance.now();
  try {
    await PROOFS[name](library, findings, options);
  } finally {
    process.off('uncaughtException', crash);
    process.off('unhandledRejection', crash);
  }
  const seconds = Math.round((performance.now() - started) / 1_000);
  return {
    name,
    counts: findings.counts,
    kinds: Object.keys(findings.kinds),
    violations: findings.violations,
    seconds,
  };
}
