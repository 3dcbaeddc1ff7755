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
  if (!fits(output, outputBytes)) return failed(tooLarge());
  const json = storable(output);
  if (Buffer.byteLength(JSON.stringify(json)) > outputBytes) return failed(tooLarge());
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

/**
 * Whether a value can be small enough at all, found without recursion and in bounded time: a few objects
 * that share each other may unfold into more JSON than there is memory.
 */
function fits(output: unknown, bytesMax: number): boolean {
  let left = bytesMax;
  const waiting: { value: unknown; depth: number }[] = [{ value: output, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, depth } = next;
    left -= typeof value === 'string' ? value.length + 2 : 1;
    if (left < 0 || depth > JSON_DEPTH_MAX) return false;
    if (typeof value !== 'object' || value === null || value instanceof Date) continue;
    if (Array.isArray(value) && value.length > left) return false;
    for (const item of Object.values(value)) waiting.push({ value: item, depth: depth + 1 });
  }
  return true;
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
