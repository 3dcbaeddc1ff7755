export type ServiceName = 'api' | 'worker';

export interface MetricKind {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
  /**
   * `database`: read at scrape from the database, by the one API replica that exports it. `check`: printed
   * by `aos check`, and by no service.
   */
  readonly from: 'database' | 'process' | 'check';
  readonly services: readonly ServiceName[];
}
