/** Colours for series that nothing is known of; more of them begin anew. */
export const SERIES_TOKENS = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6', 'series-7', 'series-8'] as const;
const TOKENS = ['pen-main', 'pen-second', 'pen-third', 'pen-errors', 'grid', 'ink-3', 'line-strong', 'panel', 'brass', ...SERIES_TOKENS] as const;
export type Token = (typeof TOKENS)[number];

export function seriesToken(place: number): Token {
  return SERIES_TOKENS[place % SERIES_TOKENS.length]!;
}

/** The page's colours as a canvas needs them: resolved for the face it wears now. */
export interface Palette {
  readonly colour: Readonly<Record<Token, string>>;
  /** CSS font of the axes' labels. */
  readonly font: string;
  /** Width of one rem in CSS pixels. */
  readonly rem: number;
}

export function readPalette(): Palette {
  const probe = document.body.appendChild(document.createElement('i'));
  const resolve = (token: Token): [Token, string] => {
    probe.style.color = `var(--${token})`;
    return [token, getComputedStyle(probe).color];
  };
  const colour = Object.fromEntries(TOKENS.map(resolve)) as Record<Token, string>;
  probe.remove();
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return { colour, rem, font: `500 ${Math.round(rem * 0.75)}px Barlow, system-ui, sans-serif` };
}

/** The same colour, let through: `rgb(1, 2, 3)` to `rgba(1, 2, 3, alpha)`. */
export function sheer(colour: string, alpha: number): string {
  const [red, green, blue] = colour.match(/[\d.]+/g) ?? ['0', '0', '0'];
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}
