/** A formula over rules as people write it: `slow and (errors or not deploying)`. */
import { create } from '@bufbuild/protobuf';
import { FormulaSchema, type Formula } from '@gen/binnacle/rules/v1/rules_pb';

/** The formula of a text; null for what is none. `not` binds most, `or` least. */
export function readFormula(text: string): Formula | null {
  const words = text.match(/[()]|[^\s()]+/g) ?? [];
  const reading = new Reading(words);
  const formula = reading.anyOf();
  return reading.done ? formula : null;
}

export function formulaText(formula: Formula, within: 'any' | 'all' | 'not' = 'any'): string {
  const { kind } = formula;
  switch (kind.case) {
    case 'rule':
      return kind.value;
    case 'not':
      return `not ${formulaText(kind.value, 'not')}`;
    case 'all':
      return enclosed(kind.value.formulas.map((one) => formulaText(one, 'all')).join(' and '), within === 'not');
    case 'any':
      return enclosed(kind.value.formulas.map((one) => formulaText(one, 'all')).join(' or '), within !== 'any');
    default:
      return '';
  }
}

function enclosed(text: string, needed: boolean): string {
  return needed ? `(${text})` : text;
}

class Reading {
  private place = 0;

  constructor(private readonly words: readonly string[]) {}

  get done(): boolean {
    return this.place === this.words.length;
  }

  anyOf(): Formula | null {
    return this.several('or', 'any', () => this.several('and', 'all', () => this.one()));
  }

  private several(word: string, kind: 'all' | 'any', part: () => Formula | null): Formula | null {
    const parts = [part()];
    while (this.took(word)) parts.push(part());
    const found = parts.filter((each) => each !== null);
    if (found.length < parts.length) return null;
    return found.length === 1 ? found[0]! : create(FormulaSchema, { kind: { case: kind, value: { formulas: found } } });
  }

  private one(): Formula | null {
    if (this.took('not')) {
      const denied = this.one();
      return denied && create(FormulaSchema, { kind: { case: 'not', value: denied } });
    }
    if (this.took('(')) {
      const inner = this.anyOf();
      return this.took(')') ? inner : null;
    }
    const word = this.words[this.place];
    if (word === undefined || [')', 'and', 'or'].includes(word.toLowerCase())) return null;
    this.place += 1;
    return create(FormulaSchema, { kind: { case: 'rule', value: word } });
  }

  private took(word: string): boolean {
    if (this.words[this.place]?.toLowerCase() !== word) return false;
    this.place += 1;
    return true;
  }
}
