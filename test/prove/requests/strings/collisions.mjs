/** Notices two accepted strings that name one tenant, and are not two spellings of one name. */
export class Collisions {
  constructor(findings) {
    this.findings = findings;
    this.names = new Map();
    findings.count('collisions', 0);
  }

  /** @param name the one form of what was sent, by the model */
  note(tenant, name, sent) {
    const known = this.names.get(tenant);
    if (known === undefined) this.names.set(tenant, { name, sent });
    else if (known.name !== name) {
      this.findings.violation(
        'collisions',
        `${tenant} is named by ${JSON.stringify(known.sent)} and ${JSON.stringify(sent)}`,
      );
    }
  }
}
