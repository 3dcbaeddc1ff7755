import { createHmac } from 'node:crypto';

/**
 * The signatures of Standard Webhooks: one for each secret that is valid, since a receiver may know the one
 * of before or the new one.
 */
export function signatures(
  secrets: readonly Buffer[],
  message: { readonly id: string; readonly timestampS: number; readonly body: string },
): string {
  const { id, timestampS, body } = message;
  return secrets
    .map((secret) => {
      const mac = createHmac('sha256', secret).update(`${id}.${timestampS}.${body}`);
      return `v1,${mac.digest('base64')}`;
    })
    .join(' ');
}
