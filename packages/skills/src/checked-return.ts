import {
  JSON_DEPTH_MAX,
  problemsOf,
  sentence,
  storable,
  storableText,
  type Failure,
  type SkillManifest,
  type SkillResult,
  type Usage,
} from '@aos/core';

const NOTES_MAX = 20;
const NOTE_CHARS_MAX = 500;

/**
 * What a skill returned, made storable and held against its schema and limit. Getters and proxies may
 * throw from here; the caller takes that for a crash.
 */
export function checkedReturn(value: unknown, manifest: SkillManifest): SkillResult {
  const { output, notes, usage } = (value ?? {}) as Record<string, unknown>;
  const { outputBytes } = manifest.limits;
  const spent = usageOf(usage);
  const failed = (failure: Failure): SkillResult => ({
    outcome: 'failed',
    failure,
    ...(spent && { usage: spent }),
  });
  const tooLarge = (): Failure => ({
    code: 'output_too_large',
    detail: `The output of ${manifest.name} is larger than ${outputBytes} bytes, or nested deeper than ${JSON_DEPTH_MAX} levels.`,
  });
  const size = sizeOf(output, outputBytes);
  if (!size) return failed(tooLarge());
  const json = storable(output);
  // Counted only when it is close.
  if (size.most > outputBytes && Buffer.byteLength(JSON.stringify(json)) > outputBytes) {
    return failed(tooLarge());
  }
  const problems = problemsOf(manifest.output, json);
  if (problems.length > 0) {
    const detail = `The output of ${manifest.name}: ${sentence(problems)}`;
    return failed({ code: 'skill_output_invalid', detail, problems });
  }
  const told = notesOf(notes);
  return {
    outcome: 'completed',
    output: json,
    ...(spent && { usage: spent }),
    ...(told.length > 0 && { notes: told }),
  };
}

interface Size {
  /** Characters of JSON, surely. */
  least: number;
  /** Bytes of JSON, at most. */
  most: number;
}

/** A character may take six bytes, as `\u0000` does. */
const BYTES_A_CHARACTER = 6;
/** Its quotes, a colon, a comma. */
const BYTES_AROUND_TEXT = 4;
/** As many as the longest number or date has, and a comma. */
const BYTES_A_SCALAR = 32;

/**
 * How large a value becomes; undefined when it is too large surely, or nested too deep. In bounded time:
 * a few objects that share each other may unfold into more JSON than there is memory.
 */
function sizeOf(output: unknown, bytesMax: number): Size | undefined {
  const size = { least: 0, most: 0 };
  return measure(output, 0, bytesMax, size) ? size : undefined;
}

function measure(value: unknown, depth: number, bytesMax: number, size: Size): boolean {
  size.least += typeof value === 'string' ? value.length + 2 : 1;
  size.most += mostBytesOf(value);
  if (size.least > bytesMax || depth > JSON_DEPTH_MAX) return false;
  if (typeof value !== 'object' || value === null || value instanceof Date) return true;
  if (Array.isArray(value)) {
    if (size.least + value.length > bytesMax) return false;
    for (const item of value as unknown[]) {
      if (!measure(item, depth + 1, bytesMax, size)) return false;
    }
    return true;
  }
  for (const [key, item] of Object.entries(value)) {
    size.most += mostBytesOf(key);
    if (!measure(item, depth + 1, bytesMax, size)) return false;
  }
  return true;
}

function mostBytesOf(scalar: unknown): number {
  if (typeof scalar === 'bigint') return Infinity;
  return typeof scalar === 'string'
    ? scalar.length * BYTES_A_CHARACTER + BYTES_AROUND_TEXT
    : BYTES_A_SCALAR;
}

function notesOf(notes: unknown): string[] {
  if (!Array.isArray(notes)) return [];
  return notes
    .slice(0, NOTES_MAX)
    .filter((note) => typeof note === 'string')
    .map((note) => storableText(note.slice(0, NOTE_CHARS_MAX)));
}

function usageOf(usage: unknown): Usage | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined;
  const { model, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, costUsd } =
    usage as Usage;
  const counts = { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, costUsd };
  const sound = Object.values(counts).every((count) => Number.isFinite(count) && count >= 0);
  return typeof model === 'string' && sound ? { model: storableText(model), ...counts } : undefined;
}
