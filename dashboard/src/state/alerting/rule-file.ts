/** A rule as it would stand in a rule file, for `binnacle rules apply`. */
import { toJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { RuleSchema, type Rule } from '@gen/binnacle/rules/v1/rules_pb';
import { spanText } from './spans';

/** Told by the suite, never written. */
const TOLD = ['origin', 'version', 'updated_time', 'updated_by'];
const CALLED: Readonly<Record<string, string>> = { hold: 'for' };
const SPANS = ['hold', 'keep_firing', 'interval', 'grace', 'after', 'period', 'window', 'offset', 'long', 'short'];
const WORDS = ['severity', 'comparison', 'function', 'aggregation', 'operator', 'choice', 'fill'];
const OPERATORS: Readonly<Record<string, string>> = { OPERATOR_NOT_EQUAL: '!=', OPERATOR_MATCHES: '=~', OPERATOR_NOT_MATCHES: '!~' };

export function ruleFile(rule: Rule): string {
  const told = toJson(RuleSchema, rule, { useProtoFieldName: true }) as JsonObject;
  const kept = Object.fromEntries(Object.entries(told).filter(([name]) => !TOLD.includes(name)));
  return `rules:\n${block([written(kept)], '  ')}`;
}

/** As a file has it: words, spans and conditions as texts. */
function written(value: JsonValue, name = ''): JsonValue {
  if (Array.isArray(value)) return value.map((one) => (name === 'matchers' ? matcher(one as JsonObject) : written(one, name)));
  if (typeof value === 'string' && SPANS.includes(name)) return spanText(Number(value.slice(0, -1)) * 1000);
  if (typeof value === 'string' && WORDS.includes(name)) return value.split('_').slice(1).join('_').toLowerCase();
  if (typeof value !== 'object' || value === null) return value;
  if (name === 'left' || name === 'right') return Object.values(value)[0] ?? 0;
  // Their names are people's.
  if (name === 'labels' || name === 'annotations') return value;
  return formula(value) ?? fields(value);
}

function fields(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [CALLED[name] ?? name, written(each, name)]));
}

/** Several formulas are a list, and one of a rule is its identity. */
function formula(value: JsonObject): JsonValue | null {
  const names = Object.keys(value);
  if (names.length !== 1) return null;
  if (names[0] === 'rule') return value['rule'] as string;
  return names[0] === 'formulas' ? (value['formulas'] as JsonValue[]).map((one) => written(one)) : null;
}

function matcher({ label = '', operator = '', value = '' }: JsonObject): string {
  return `${String(label)}${OPERATORS[String(operator)] ?? '='}"${String(value)}"`;
}

/** A mapping or list of YAML, a line for each of its parts, ends with a new line. */
function block(value: JsonObject | readonly JsonValue[], indent: string): string {
  const entries = Array.isArray(value) ? value.map((one) => ['-', one] as const) : Object.entries(value as JsonObject).map(([name, one]) => [`${plain(name)}:`, one] as const);
  return entries.map(([lead, one]) => `${indent}${lead}${behind(one, indent, lead === '-')}`).join('');
}

function behind(value: JsonValue, indent: string, inList: boolean): string {
  if (typeof value !== 'object' || value === null) return ` ${plain(value)}\n`;
  if (Object.keys(value).length === 0) return Array.isArray(value) ? ' []\n' : ' {}\n';
  const inner = block(value, `${indent}  `);
  // What is in a list begins on the line of its dash.
  return inList ? ` ${inner.slice(indent.length + 2)}` : `\n${inner}`;
}

function plain(value: JsonValue): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const bare = /^[A-Za-z][\w ./-]*$/.test(value) && !/ $|^(true|false|null)$/i.test(value);
  return bare ? value : JSON.stringify(value);
}
