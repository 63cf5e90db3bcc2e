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

let kept: Palette | null = null;

/** The palette as it is now. Each colour costs a look at the whole page's styles: charts that are made in one turn share them. */
export function readPalette(): Palette {
  if (!kept) {
    kept = resolved();
    setTimeout(() => (kept = null));
  }
  return kept;
}

function resolved(): Palette {
  // All of them first, then each is read: read one by one, each would have the page's styles looked at anew.
  const probes = TOKENS.map((token): [Token, HTMLElement] => {
    const probe = document.createElement('i');
    probe.style.color = `var(--${token})`;
    return [token, probe];
  });
  const host = document.body.appendChild(document.createElement('i'));
  host.append(...probes.map(([, probe]) => probe));
  const colour = Object.fromEntries(probes.map(([token, probe]) => [token, getComputedStyle(probe).color])) as Record<Token, string>;
  host.remove();
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return { colour, rem, font: `500 ${Math.round(rem * 0.75)}px Barlow, system-ui, sans-serif` };
}

/** The same colour, let through: `rgb(1, 2, 3)` to `rgba(1, 2, 3, alpha)`. */
export function sheer(colour: string, alpha: number): string {
  const [red, green, blue] = colour.match(/[\d.]+/g) ?? ['0', '0', '0'];
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}
