/** The tenants of every test, of the README and of the sandbox. */
export const DEMO_TENANTS = [
  {
    id: 'acme',
    name: 'Acme Corporation',
    domains: ['acme.example'],
    config: { 'email.from': 'Acme <hello@acme.example>', 'sms.senderId': 'ACME' },
  },
  {
    id: 'globex',
    name: 'Globex Industries',
    domains: ['globex.example'],
    config: { 'email.from': 'Globex <contact@globex.example>', 'sms.senderId': 'GLOBEX' },
  },
] as const;

/** Registers the demo tenants; those that are there stay as they are. */
export async function registerDemoTenants(registryUrl: string, serviceToken: string): Promise<void> {
  for (const tenant of DEMO_TENANTS) {
    const response = await fetch(`${registryUrl}/tenants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(tenant),
    });
    const answer = await response.text();
    if (!response.ok && response.status !== 409) {
      throw new Error(`The tenant ${tenant.id} could not be registered (${response.status}): ${answer}`);
    }
  }
}
