type Alerts = { data: { alerts: { state: string; labels: { alertname: string } }[] } };

/** What a Prometheus says of its alarms. Asked in vain it knows nothing, and is asked again. */
export class Watch {
  readonly #url: string;
  #seen = new Set<string>();
  /** Since when `staysQuiet` has found nothing, in ms since the epoch. */
  quietSince: number | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  forget(): void {
    this.#seen = new Set();
    this.quietSince = undefined;
  }

  /** All that fired since `forget`. */
  seen(): string[] {
    return [...this.#seen].toSorted();
  }

  async fires(alarm: string): Promise<boolean> {
    return (await this.#firing())?.includes(alarm) ?? false;
  }

  async isQuiet(): Promise<boolean> {
    return (await this.#firing())?.length === 0;
  }

  /** Whether the alarm has not fired for so long, in ms, of looks one after the other. */
  async staysQuiet(alarm: string, forMs: number): Promise<boolean> {
    const firing = await this.#firing();
    if (firing) this.quietSince = firing.includes(alarm) ? undefined : (this.quietSince ?? Date.now());
    return this.quietSince !== undefined && Date.now() - this.quietSince > forMs;
  }

  async #firing(): Promise<string[] | undefined> {
    try {
      const answer = await fetch(`${this.#url}/api/v1/alerts`, { signal: AbortSignal.timeout(5_000) });
      const { alerts } = ((await answer.json()) as Alerts).data;
      const names = alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
      for (const name of names) this.#seen.add(name);
      return names;
    } catch {
      return undefined;
    }
  }
}
