import { outsideScopes } from './outside-scopes.js';

interface Flight<T> {
  readonly landing: Promise<T>;
  isDropped: boolean;
}

/** The look-ups that are under way, one for each key that is to be joined. */
export class Flights<T> {
  private readonly flights = new Map<string, Flight<T>>();

  get size(): number {
    return this.flights.size;
  }

  has(key: string): boolean {
    return this.flights.has(key);
  }

  get(key: string): Promise<T> | undefined {
    return this.flights.get(key)?.landing;
  }

  /** Begins a look-up, which is told whether what it brings may still be kept. */
  begin(key: string, load: (mayKeep: () => boolean) => Promise<T>): Promise<T> {
    const mayKeep = (): boolean => !flight.isDropped;
    const landing = outsideScopes(() => load(mayKeep)).finally(() => {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    });
    const flight: Flight<T> = { landing, isDropped: false };
    // Who began it may not wait for its end.
    landing.catch(() => undefined);
    this.flights.set(key, flight);
    return landing;
  }

  /** It may bring what was so before a change: it must not be joined, nor kept. */
  drop(key: string): void {
    const flight = this.flights.get(key);
    if (flight) flight.isDropped = true;
    this.flights.delete(key);
  }

  /** They may bring a tenant as it was: they must not be joined. Whoever is told by what they bring that it is none may keep it. */
  part(isMeant: (key: string) => boolean): void {
    for (const key of this.flights.keys()) if (isMeant(key)) this.flights.delete(key);
  }

  dropAll(): void {
    for (const key of this.flights.keys()) this.drop(key);
  }
}
