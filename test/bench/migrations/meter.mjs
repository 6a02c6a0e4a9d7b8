/** What each way took so far, in milliseconds: by the clock, of this process, and of the server's where they are here. */
export class Meter {
  of = {};

  constructor(serverCpu) {
    this.serverCpu = serverCpu;
  }

  get seesServer() {
    return this.serverCpu !== undefined;
  }

  each(value) {
    return Object.fromEntries(Object.entries(this.of).map(([name, taken]) => [name, value(taken)]));
  }

  async run(name, work) {
    const server = async () => ((await this.serverCpu?.()) ?? 0) / 1_000;
    const own = () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    };
    const [serverBefore, ownBefore, start] = [await server(), own(), performance.now()];
    await work();
    const now = { time: performance.now() - start, own: own() - ownBefore, server: (await server()) - serverBefore };
    const before = this.of[name] ?? { time: 0, own: 0, server: 0 };
    this.of[name] = Object.fromEntries(Object.entries(now).map(([figure, value]) => [figure, before[figure] + value]));
  }
}
