import type { Micros } from '@barback/shared/postgres/instant.ts';
import { Counter, Gauge, type Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** Values of one scrape, read from the database; a value that is null is not known and not there. */
export class MetricSet {
  readonly #registry: Registry;
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  gauge(name: string, help: string, labels: Labels, value: number | null): void {
    if (value === null) return;
    const options = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
    const gauge = this.#gauges.get(name) ?? new Gauge(options);
    this.#gauges.set(name, gauge);
    gauge.set(labels, value);
  }

  instant(name: string, help: string, labels: Labels, at: Micros | null): void {
    this.gauge(name, help, labels, at === null ? null : at / 1_000_000);
  }

  /** Of what is never deleted, so that it only grows. */
  counter(name: string, help: string, labels: Labels, value: number): void {
    const options = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
    const counter = this.#counters.get(name) ?? new Counter(options);
    this.#counters.set(name, counter);
    counter.inc(labels, value);
  }
}
