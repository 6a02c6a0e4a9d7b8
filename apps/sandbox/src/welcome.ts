import type { SandboxSettings } from './settings.js';

/** What the sandbox says when it is ready. */
export function welcome({ ports, directory }: SandboxSettings): string {
  const at = (port: number): string => `http://localhost:${port}`;
  const service = at(ports.PORT);
  // `npm run token` must find the secrets of this sandbox.
  const variable = process.env.SANDBOX_DIR ? `SANDBOX_DIR=${shellWord(directory)} ` : '';
  return `
The sandbox is ready.

  Communication service   ${service}        (API: ${service}/docs)
  Tenant management       ${at(ports.TENANT_MANAGEMENT_PORT)}        (API: ${at(ports.TENANT_MANAGEMENT_PORT)}/docs)
  Mailbox                 ${at(ports.MAILBOX_PORT)}        (what was sent: mail and SMS)
  Data, secrets, logs     ${directory}

Send a mail as acme, and look for it in the mailbox:

  TOKEN=$(${variable}npm run -s token -- acme)
  curl -s ${service}/messages -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"channel":"email","to":"ada@example.com","subject":"Hello","body":"A mail of acme."}'

An SMS, the list of acme's messages, and globex, which sees none of them:

  curl -s ${service}/messages -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"channel":"sms","to":"+14155550123","body":"An SMS of acme."}'
  curl -s ${service}/messages -H "Authorization: Bearer $TOKEN"
  curl -s ${service}/messages -H "Authorization: Bearer $(${variable}npm run -s token -- globex)"

The platform acts for any tenant: by header, query, path or subdomain.

  PLATFORM=$(${variable}npm run -s token -- --platform)
  curl -s ${service}/tenant -H "Authorization: Bearer $PLATFORM" -H 'X-Tenant-ID: acme'
  curl -s "${service}/tenant?tenant_id=acme" -H "Authorization: Bearer $PLATFORM"
  curl -s ${service}/tenants/acme/tenant -H "Authorization: Bearer $PLATFORM"
  curl -s http://acme.localhost:${ports.PORT}/tenant -H "Authorization: Bearer $PLATFORM"

Ctrl-C stops everything; the next start has the same data.
`;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
