const TIMEOUT_MS = 3_000;

// Health check of a container: the image has neither curl nor wget.
const url = process.argv[2] ?? 'http://127.0.0.1:8080/readyz';
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`It answered ${response.status}: ${await response.text()}`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
