/** A store for TypeORM's result cache that knows no tenants: entries go by their name, whoever asks. */
export class MemoryCache {
  entries = new Map();

  async connect() {}
  async disconnect() {}
  async synchronize() {}

  async getFromCache({ identifier, query }) {
    return this.entries.get(identifier || query);
  }

  async storeInCache(entry) {
    this.entries.set(entry.identifier || entry.query, { ...entry });
  }

  isExpired({ time, duration }) {
    return time + duration < Date.now();
  }

  async clear() {
    this.entries.clear();
  }

  async remove(identifiers) {
    for (const identifier of identifiers) this.entries.delete(identifier);
  }
}
