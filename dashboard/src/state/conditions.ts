/** Conditions on attributes of events and spans, and how people write them: `http.route=/cart`, `total>=50`, `!coupon`. */

export const COMPARISONS = ['=', '!=', '<', '<=', '>', '>=', 'exists', 'absent'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export interface Condition {
  readonly attribute: string;
  readonly comparison: Comparison;
  /** Types count: the number 5 is not the text "5". Null where only its being there is asked. */
  readonly value: string | number | boolean | null;
}

/** A bare word is text, unless it is a number or a truth; in quotes it is text whatever it is. Null for what is no condition. */
export function readCondition(text: string): Condition | null {
  const compared = /^\s*([^=!<>\s][^=!<>]*?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*$/s.exec(text);
  if (compared) return { attribute: compared[1]!, comparison: compared[2] as Comparison, value: readValue(compared[3]!) };
  const bare = /^\s*(!?)\s*([^=!<>\s]+)\s*$/.exec(text);
  return bare ? { attribute: bare[2]!, comparison: bare[1] ? 'absent' : 'exists', value: null } : null;
}

export function conditionText({ attribute, comparison, value }: Condition): string {
  if (comparison === 'exists') return attribute;
  if (comparison === 'absent') return `!${attribute}`;
  const mistakable = typeof value === 'string' && (readValue(value) !== value || value.trim() !== value);
  return `${attribute}${comparison}${mistakable ? `"${value}"` : String(value)}`;
}

/** What says that an attribute has the value that was seen; null where nothing can, as of a list. */
export function equal(attribute: string, value: unknown): Condition | null {
  const comparable = ['string', 'number', 'boolean'].includes(typeof value) && /^[^=!<>\s]+$/.test(attribute);
  return comparable ? { attribute, comparison: '=', value: value as string | number | boolean } : null;
}

function readValue(text: string): string | number | boolean {
  const quoted = /^"(.*)"$/s.exec(text);
  if (quoted) return quoted[1]!;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}
