import { levelWords, type WrittenReport } from './report.ts';
import { blockOf, type Block } from './section.ts';

/**
 * The report as Markdown. Texts may be Markdown themselves, since that is what models and people write;
 * but nothing in them becomes HTML or loads an image, which could carry data away when it is looked at.
 */
export function markdownReport({ title, level, sections }: WrittenReport): string {
  const word = levelWords[level];
  const parts = [
    `# ${line(title)}`,
    ...(word ? [`**${word}**`] : []),
    ...sections.flatMap(({ heading, content }) => [`## ${line(heading)}`, write(blockOf(content))]),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function write(block: Block): string {
  switch (block.kind) {
    case 'text':
      return safe(block.text).trim();
    case 'list':
      return block.items.map((item) => `- ${line(item)}`).join('\n');
    case 'fields':
      return block.fields.map(([name, value]) => `- **${line(name)}**: ${line(value)}`).join('\n');
    case 'table': {
      const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
      const rule = `|${' --- |'.repeat(block.columns.length)}`;
      return [row(block.columns), rule, ...block.rows.map(row)].join('\n');
    }
  }
}

function safe(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('![', '!\\[');
}

function line(text: string): string {
  return safe(text).replace(/\s+/g, ' ').trim();
}

function cell(text: string): string {
  return line(text).replaceAll('\\', '\\\\').replaceAll('|', '\\|');
}
