/** Figures as they are written on the page: short, steady in width, never with a false digit. */

const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const PLAIN = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const THREE = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const COMPACT = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, notation: 'compact' });
const ONES: ReadonlyMap<string, string> = new Map([
  ...['request', 'error', 'event', 'message', 'conversation', 'ticket', 'conversion', 'purchase', 'credit', 'call', 'token', 'line', 'connection'].map((one) => [`${one}s`, one] as const),
  ['searches', 'search'],
  ['people', 'person'],
]);
const NONE = '–';

/** A figure and its unit apart, so that the unit can be set smaller. */
export interface Figure {
  readonly value: string;
  readonly unit: string;
}

export function count(value: number): string {
  if (value < 10_000_000) return GROUPED.format(value);
  if (value < 1_000_000_000) return `${significant(value / 1e6, 4)}M`;
  return `${significant(value / 1e9, 4)}G`;
}

/** So many of something: `1 alert`, `2 alerts`, `0 alerts`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Something a second. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (value < 0.01) return '<0.01';
  if (value < 1000) return significant(value, 3);
  return count(value);
}

export function percent(value: number): string {
  if (value === 0) return '0';
  if (value < 0.1) return '<0.1';
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

/** Anything that was measured, whatever its unit: at most four digits that mean something. */
export function measured(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  return Math.abs(value) >= 10_000 ? count(Math.round(value)) : PLAIN.format(value);
}

/** An amount in its currency, without hundredths from a thousand upward. */
export function money(amount: number, currency: string): string {
  const maximumFractionDigits = Math.abs(amount) < 1000 ? 2 : 0;
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits, minimumFractionDigits: maximumFractionDigits }).format(amount);
  } catch {
    // A currency that is none, or untold.
    return `${new Intl.NumberFormat('en', { maximumFractionDigits }).format(amount)} ${currency}`.trim();
  }
}

/** Milliseconds, or seconds from one upward; null and 0 mean that nothing was observed. */
export function latency(milliseconds: number | null): Figure {
  if (milliseconds === null || milliseconds <= 0) return { value: NONE, unit: '' };
  if (milliseconds >= 1000) return { value: significant(milliseconds / 1000, 3), unit: 's' };
  return { value: milliseconds >= 10 ? milliseconds.toFixed(0) : significant(milliseconds, 2), unit: 'ms' };
}

export function bytes(value: number, per = ''): Figure {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return { value: unit === 0 ? scaled.toFixed(0) : significant(scaled, 3), unit: units[unit]! + per };
}

/** Any value, in a unit as senders name units; `per` stands behind the unit. */
export function quantity(value: number, unit = '', per = ''): Figure {
  const [sign, size] = value < 0 ? ['−', -value] : ['', value];
  const figure = sized(size, unit);
  return { value: sign + figure.value, unit: figure.unit + per };
}

function sized(size: number, unit: string): Figure {
  switch (unit) {
    case 'bytes':
      return bytes(size);
    case 's':
    case 'seconds':
      return size < 1 ? sized(1000 * size, 'ms') : { value: short(size), unit: 's' };
    case 'ms':
    case 'milliseconds':
      return size < 1000 ? { value: short(size), unit: 'ms' } : { value: short(size / 1000), unit: 's' };
    case 'percent':
    case '%':
      return { value: short(size), unit: '%' };
    case '1/s':
      return { value: short(size), unit: '/s' };
    default:
      return counting(short(size), unit);
  }
}

/** `1 request`: what Binnacle's own figures count is called by its name, senders' units are left as they are. */
function counting(value: string, unit: string): Figure {
  return { value, unit: value === '1' ? (ONES.get(unit) ?? unit) : unit };
}

/** Three digits that mean something, or all before the point. */
function short(size: number): string {
  if (size >= 100_000) return COMPACT.format(size);
  return size < 100 ? THREE.format(size) : GROUPED.format(size);
}

/** How long something took, with two digits that mean something. */
export function lag(milliseconds: number): string {
  const rounded = Number(milliseconds.toPrecision(2));
  if (rounded < 1) return '<1 ms';
  return rounded < 1000 ? `${Math.round(rounded)} ms` : `${significant(rounded / 1000, 2)} s`;
}

/** How long ago, in its largest unit. */
export function age(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 1) return '<1 s';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return uptime(seconds / 3600);
}

/** Hours since a start in its two largest units; 0 means that nobody told. */
export function uptime(hours: number): string {
  if (hours <= 0) return NONE;
  if (hours < 1) return `${Math.max(1, Math.floor(hours * 60))} min`;
  if (hours < 24) return pair(Math.floor(hours), 'h', Math.floor((hours % 1) * 60), 'm');
  return pair(Math.floor(hours / 24), 'd', Math.floor(hours % 24), 'h');
}

/** Time of day where the reader is. */
export function clock(at: number): string {
  return CLOCK.format(at);
}

/** Day and time where the reader is; the day is left out of today's. */
export function moment(at: number, now: number = Date.now()): string {
  return DAY.format(at) === DAY.format(now) ? CLOCK.format(at) : `${DAY.format(at)}, ${CLOCK.format(at)}`;
}

/** Time of day to the millisecond. */
export function preciseClock(at: number): string {
  return `${CLOCK.format(at)}.${String(Math.floor(at % 1000)).padStart(3, '0')}`;
}

/** In one piece, for words and labels. */
export function together(figure: Figure): string {
  return figure.unit ? `${figure.value} ${figure.unit}` : figure.value;
}

function pair(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second > 0 ? `${first} ${firstUnit} ${second} ${secondUnit}` : `${first} ${firstUnit}`;
}

/** At most so many digits that mean something; zeros stay, so that the width does. */
function significant(value: number, digits: number): string {
  const whole = Math.max(1, Math.floor(Math.log10(Math.max(value, 1))) + 1);
  return value.toFixed(Math.max(0, digits - whole));
}
