const REDACTED = '[redacted]';

/** Names of fields that hold secrets, in whatever spelling. */
const SECRET_KEY =
  /pass(?:word|wd|phrase)|secret|token|authorization|api[-_]?key|credential|cookie|private[-_]?key|signature/i;

/** A number is never a secret: `inputTokens` is told. */
export function isSecretField(key: string, value: unknown): boolean {
  return SECRET_KEY.test(key) && typeof value !== 'number' && typeof value !== 'boolean';
}

export function redactedField(): string {
  return REDACTED;
}

/** Shapes of secrets inside longer texts. Each is linear: no part of a pattern overlaps the next one. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,30}-----|$)/g, REDACTED],
  [/\baos_[A-Za-z0-9_-]{20,}/g, REDACTED],
  [/\bsk-[A-Za-z0-9_-]{12,}/g, REDACTED],
  [/\b(?:whsec|whsk|ghp|gho|xox[abprs]|glpat)[_-][A-Za-z0-9+/=_-]{10,}/g, REDACTED],
  [/\bAKIA[A-Z0-9]{16}\b/g, REDACTED],
  [/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, REDACTED],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${REDACTED}`],
  // The password of an address, up to the last @ before the host, since a careless one holds an @.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"']{0,200}:)[^\s/"']{1,500}@/gi, `$1${REDACTED}@`],
  [
    /\b((?:password|passwd|secret|token|access_token|api[-_]?key|signature)["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"'&,;]{1,500}/gi,
    `$1${REDACTED}`,
  ],
];

/** A part of every text that one of the patterns finds: most texts hold none, and are done. */
const HINT =
  /-----BEGIN|aos_|sk-|whs[ek]|gh[po]|xox|glpat|AKIA|eyJ|bearer|basic|:\/\/|passw|secret|token|api[-_]?key|signature/i;

/** The text without anything that looks like a secret. */
export function redactText(text: string): string {
  if (!HINT.test(text)) return text;
  return PATTERNS.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
