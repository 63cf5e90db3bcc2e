/** Which log lines are shown, and how the address says it. */

export const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

export interface LogFilter {
  /** All where there is none. */
  readonly levels: readonly Level[];
  /** All where there is none. */
  readonly services: readonly string[];
  /** Words that all occur; `"some words"` as they stand, `-word` does not occur. */
  readonly text: string;
  /** Any where it is empty. */
  readonly traceId: string;
}

export function readFilter(params: URLSearchParams): LogFilter {
  return {
    levels: LEVELS.filter((level) => params.getAll('level').includes(level)),
    services: params.getAll('service'),
    text: params.get('text') ?? '',
    traceId: params.get('trace') ?? '',
  };
}

export function writeFilter({ levels, services, text, traceId }: LogFilter, params: URLSearchParams): void {
  for (const level of levels) params.append('level', level);
  for (const service of services) params.append('service', service);
  if (text) params.set('text', text);
  if (traceId) params.set('trace', traceId);
}

interface Term {
  readonly words: string;
  readonly wanted: boolean;
}

/** Judges messages as the store does, for lines that are told live. */
export function textFinder(text: string): (message: string) => boolean {
  const tests = terms(text).map(({ words, wanted }) => {
    const escaped = words.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const expression = new RegExp(String.raw`(?<![\p{L}\p{N}])${escaped}(?![\p{L}\p{N}])`, 'iu');
    return (message: string) => expression.test(message) === wanted;
  });
  return (message) => tests.every((test) => test(message));
}

/** The longest text that each message found holds as it stands; empty where there is none. */
export function surePart(text: string): string {
  const wanted = terms(text).flatMap((term) => (term.wanted ? [term.words] : []));
  return wanted.reduce((longest, words) => (words.length > longest.length ? words : longest), '');
}

/** The text that finds the lines of a pattern: its constant parts, as they stand. */
export function textOfPattern(template: string): string {
  const parts = template.split('<*>').map((part) => part.replaceAll('"', ' ').replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''));
  return parts.flatMap((part) => (part ? [`"${part}"`] : [])).join(' ');
}

function terms(text: string): readonly Term[] {
  return [...text.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)].flatMap(([, minus, quoted, word]) => {
    const words = (quoted ?? word ?? '').trim();
    return words ? [{ words, wanted: minus === '' }] : [];
  });
}
