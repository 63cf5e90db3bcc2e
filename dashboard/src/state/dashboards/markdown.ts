/**
 * A strict subset of Markdown as a tree of plain objects. It is drawn by elements that the page itself makes, never as
 * HTML: what looks like HTML stays the text that it is, and only links that can do no harm become links.
 */

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em' | 'del'; readonly parts: readonly Inline[] }
  | { readonly kind: 'link'; readonly address: string; readonly parts: readonly Inline[] };

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly parts: readonly Inline[] }
  | { readonly kind: 'paragraph' | 'quote'; readonly parts: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'table'; readonly head: readonly (readonly Inline[])[]; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'rule' };

/** Nothing is nested deeper: what is, stays text. */
const DEEPEST = 6;
const SCHEMES = ['http:', 'https:', 'mailto:'];
const BULLET = /^\s{0,3}[-*+]\s+/;
const NUMBER = /^\s{0,3}\d{1,9}[.)]\s+/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** The address of a link that can do no harm: the web, mail, or this page; null for all others. */
export function safeAddress(address: string): string | null {
  // Browsers skip control characters and spaces within a scheme: an address with one is none.
  // eslint-disable-next-line no-control-regex
  if (address === '' || /[\u0000-\u0020\u007f-\u009f\u200b-\u200f\u2028-\u202f\ufeff\\]/.test(address)) return null;
  if (/^(\/(?!\/)|#|\?)/.test(address)) return address;
  const scheme = /^([a-z][a-z0-9+.-]*:)/i.exec(address)?.[1]?.toLowerCase();
  return scheme !== undefined && SCHEMES.includes(scheme) ? address : null;
}

export function blocksOf(text: string): readonly Block[] {
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n');
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at]!.trim() === '') at += 1;
    else at = takeBlock(lines, at, blocks);
  }
  return blocks;
}

/** Adds the block that begins at a line; gives the line after it. */
function takeBlock(lines: readonly string[], at: number, blocks: Block[]): number {
  const line = lines[at]!;
  const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
  if (heading) {
    blocks.push({ kind: 'heading', level: heading[1]!.length, parts: inlinesOf(heading[2]!) });
    return at + 1;
  }
  if (/^ {0,3}```/.test(line)) return takeCode(lines, at, blocks);
  if (/^ {0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
    blocks.push({ kind: 'rule' });
    return at + 1;
  }
  if (/^\s{0,3}>/.test(line)) {
    const end = endOf(lines, at, (each) => /^\s{0,3}>/.test(each));
    blocks.push({ kind: 'quote', parts: inlinesOf(lines.slice(at, end).map((each) => each.replace(/^\s{0,3}>\s?/, '')).join('\n')) });
    return end;
  }
  for (const begin of [BULLET, NUMBER]) if (begin.test(line)) return takeList(lines, at, blocks, begin);
  if (line.includes('|') && TABLE_RULE.test(lines[at + 1] ?? '') && lines[at + 1]!.includes('-')) return takeTable(lines, at, blocks);
  const end = endOf(lines, at + 1, (each) => each.trim() !== '' && !/^ {0,3}(#{1,6}\s|```|>)/.test(each) && !BULLET.test(each) && !NUMBER.test(each));
  blocks.push({ kind: 'paragraph', parts: inlinesOf(lines.slice(at, end).map((each) => each.trim()).join('\n')) });
  return end;
}

function takeCode(lines: readonly string[], at: number, blocks: Block[]): number {
  const end = endOf(lines, at + 1, (each) => !/^ {0,3}```\s*$/.test(each));
  blocks.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') });
  return end + 1;
}

function takeList(lines: readonly string[], at: number, blocks: Block[], begin: RegExp): number {
  const end = endOf(lines, at, (each) => begin.test(each));
  blocks.push({ kind: 'list', ordered: begin === NUMBER, items: lines.slice(at, end).map((each) => inlinesOf(each.replace(begin, ''))) });
  return end;
}

function takeTable(lines: readonly string[], at: number, blocks: Block[]): number {
  const end = endOf(lines, at + 2, (each) => each.includes('|'));
  const cells = (line: string): (readonly Inline[])[] => line.trim().replace(/^\|/, '').replace(/\|$/, '').split('|').map((cell) => inlinesOf(cell.trim()));
  blocks.push({ kind: 'table', head: cells(lines[at]!), rows: lines.slice(at + 2, end).map(cells) });
  return end;
}

function endOf(lines: readonly string[], from: number, goesOn: (line: string) => boolean): number {
  let at = from;
  while (at < lines.length && goesOn(lines[at]!)) at += 1;
  return at;
}

/** Each alternative is bounded, so that no text takes long. */
const MARKS = /`([^`\n]{1,2000})`|\*\*([^*]{1,2000})\*\*|~~([^~]{1,2000})~~|\*([^*\s][^*]{0,2000})\*|\b_([^_\s][^_]{0,2000})_\b|\[([^\][]{1,500})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"'()\][]{1,2000})/;

export function inlinesOf(text: string, depth = 0): readonly Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  while (rest !== '') {
    const found = depth < DEEPEST ? MARKS.exec(rest) : null;
    if (!found) {
      parts.push({ kind: 'text', text: rest });
      break;
    }
    if (found.index > 0) parts.push({ kind: 'text', text: rest.slice(0, found.index) });
    parts.push(inlineOf(found, depth + 1));
    rest = rest.slice(found.index + found[0].length);
  }
  return parts;
}

function inlineOf(found: RegExpExecArray, depth: number): Inline {
  const [whole, code, strong, del, star, line, words, address, bare] = found;
  if (code !== undefined) return { kind: 'code', text: code };
  if (strong !== undefined) return { kind: 'strong', parts: inlinesOf(strong, depth) };
  if (del !== undefined) return { kind: 'del', parts: inlinesOf(del, depth) };
  const slanted = star ?? line;
  if (slanted !== undefined) return { kind: 'em', parts: inlinesOf(slanted, depth) };
  if (bare !== undefined) return { kind: 'link', address: bare, parts: [{ kind: 'text', text: bare }] };
  const safe = safeAddress(address!);
  return safe === null ? { kind: 'text', text: whole } : { kind: 'link', address: safe, parts: inlinesOf(words!, DEEPEST) };
}
