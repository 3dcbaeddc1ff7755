/** What a terminal would act on or hide: controls but line ends, invisible and direction-changing characters. */
const UNPRINTABLE =
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** Text from a page or a model, fit for a terminal. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replace(UNPRINTABLE, '\u{FFFD}');
}
