import { levelWords, type WrittenReport } from './report.ts';
import { blockOf, type Block } from './section.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}' +
  'p,td,dd{white-space:pre-wrap;overflow-wrap:anywhere}' +
  'table{border-collapse:collapse}th,td{border:1px solid #999;padding:.25rem .5rem;text-align:left}';

/** The report as a page that runs and loads nothing: every text is text. */
export function htmlReport({ title, level, sections }: WrittenReport): string {
  const word = levelWords[level];
  const body = sections.map(
    ({ heading, content }) =>
      `<section>\n<h2>${escape(heading)}</h2>\n${write(blockOf(content))}\n</section>`,
  );
  return [
    '<!doctype html>',
    '<html>',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width">',
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escape(title)}</h1>`,
    ...(word ? [`<p><strong>${word}</strong></p>`] : []),
    ...body,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function write(block: Block): string {
  switch (block.kind) {
    case 'text':
      return block.text
        .split(/\n{2,}/)
        .filter((paragraph) => paragraph.trim())
        .map((paragraph) => `<p>${escape(paragraph.trim())}</p>`)
        .join('\n');
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${escape(item)}</li>`).join('\n')}\n</ul>`;
    case 'fields': {
      const fields = block.fields.map(
        ([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`,
      );
      return `<dl>\n${fields.join('\n')}\n</dl>`;
    }
    case 'table': {
      const head = block.columns.map((column) => `<th scope="col">${escape(column)}</th>`);
      const rows = block.rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
      return `<table>\n<thead><tr>${head.join('')}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
    }
  }
}

function cell(text: string): string {
  return `<td>${escape(text)}</td>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
