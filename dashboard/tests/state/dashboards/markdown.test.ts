import { describe, expect, it } from 'vitest';
import { blocksOf, inlinesOf, safeAddress, type Block, type Inline } from '../../../src/state/dashboards/markdown';

function linksIn(parts: readonly Inline[]): string[] {
  return parts.flatMap((part) => ('parts' in part ? [...(part.kind === 'link' ? [part.address] : []), ...linksIn(part.parts)] : []));
}

function allLinks(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    if ('parts' in block) return linksIn(block.parts);
    if (block.kind === 'list') return block.items.flatMap(linksIn);
    return block.kind === 'table' ? [...block.head, ...block.rows.flat()].flatMap(linksIn) : [];
  });
}

describe('a text', () => {
  it('has headings, lists, code and tables', () => {
    const blocks = blocksOf('# Title\n\nSome *slanted* and **strong** text.\n\n- one\n- two\n\n```\n<b>\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n');
    expect(blocks.map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'list', 'code', 'table']);
  });

  it('keeps what looks like HTML as the text that it is', () => {
    const text = '<script>alert(1)</script><img src=x onerror=alert(1)>';
    expect(blocksOf(text)).toEqual([{ kind: 'paragraph', parts: [{ kind: 'text', text }] }]);
  });

  it('nests no deeper than it may, and takes no time', () => {
    for (const text of ['*'.repeat(20_000), '['.repeat(20_000), '`a'.repeat(10_000), '> '.repeat(9_000), '**a'.repeat(6_000), '|-'.repeat(9_000)]) blocksOf(text);
  });
});

describe('a link', () => {
  it.each(['https://example.org/a?b=c#d', 'http://example.org', 'mailto:ada@example.org', '/app/logs?text=a', '#part', '?last=1h'])('leads to %s', (address) => {
    expect(safeAddress(address)).toBe(address);
    expect(linksIn(inlinesOf(`[words](${address})`))).toEqual([address]);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    'java\nscript:alert(1)',
    '\u0001javascript:alert(1)',
    ' javascript:alert(1)',
    'javascript&colon;alert(1)',
    '&#106;avascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'blob:https://example.org/1',
    'file:///etc/passwd',
    '//example.org',
    '/\\example.org',
    '\\\\example.org',
    'https:\\\\example.org',
    'relative',
    '',
  ])('never leads to %j', (address) => {
    expect(safeAddress(address)).toBeNull();
    expect(allLinks(blocksOf(`[words](${address}) <${address}> ![x](${address}) [x]: ${address}`)).filter((one) => !/^https?:\/\//.test(one))).toEqual([]);
  });
});
