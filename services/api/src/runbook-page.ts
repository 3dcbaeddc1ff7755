import { hash } from 'node:crypto';

import { Marked, type Tokens } from 'marked';

const STYLE = `body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
pre { overflow-x: auto; padding: .75rem; background: #f4f4f4; }
pre.step { border-left: .25rem solid #2a7; }
table { border-collapse: collapse; } td, th { padding: .25rem .75rem; border: 1px solid #ccc; text-align: left; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } a { color: #8bf; } pre { background: #222; } }`;

/** Nothing but this one style: no script, no image, no other host. */
export const RUNBOOK_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const marked = new Marked({
  renderer: {
    // A page is Markdown alone: what looks like HTML is shown as it is written.
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escaped(text),
    image: ({ text }) => escaped(text),
    code: ({ text, lang }) =>
      `<pre${lang === 'aos-step' ? ' class="step"' : ''}><code>${escaped(text)}</code></pre>\n`,
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      const to = addressOf(href);
      return to === undefined ? text : `<a href="${escaped(to)}">${text}</a>`;
    },
  },
});

export interface RunbookPage {
  readonly title: string;
  readonly markdown: string;
}

/** The page as a document that needs nothing else. */
export function runbookHtml({ title, markdown }: RunbookPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
${marked.parse(markdown, { async: false })}</body>
</html>
`;
}

/** Other runbooks, places in the page and the web. What else a page links to is not served: its text stays. */
function addressOf(href: string): string | undefined {
  if (/^(https?:\/\/|#)/.test(href)) return href;
  const [, name, place = ''] = /^([A-Za-z0-9-]+)\.md(#.*)?$/.exec(href) ?? [];
  if (name === undefined) return undefined;
  return name === 'README' ? `/runbooks${place}` : `/runbooks/${name}${place}`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
