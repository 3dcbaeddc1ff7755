/** What an endpoint of Prometheus's API answers; fails with what it says of a wrong question. */
export async function askPrometheus(url: string, path: string): Promise<unknown> {
  const answer = await fetch(`${url}/api/v1/${path}`);
  const { status, data, error } = (await answer.json()) as Record<string, unknown>;
  if (status !== 'success') throw new Error(`Prometheus says of ${path}: ${String(error)}`);
  return data;
}

/** One series of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export async function queryPrometheus(url: string, expr: string): Promise<Sample[]> {
  const data = (await askPrometheus(url, `query?query=${encodeURIComponent(expr)}`)) as {
    result: { metric: Record<string, string>; value: [number, string] }[];
  };
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}
