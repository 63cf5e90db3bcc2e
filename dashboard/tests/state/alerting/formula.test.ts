import { expect, it } from 'vitest';
import { formulaText, readFormula } from '../../../src/state/alerting/formula';

it.each(['slow', 'not slow', 'a and b', 'a and b or c', 'a and (b or not c)', 'not (a or b and c)', 'not not a'])('%s comes back as it was written', (text) => {
  const formula = readFormula(text);
  expect(formula && formulaText(formula)).toBe(text);
});

it('takes and before or, and leaves out brackets that say nothing', () => expect(formulaText(readFormula('((a AND b)) or (c)')!)).toBe('a and b or c'));

it.each(['', 'and', 'a b', 'a and', '(a', 'a)', 'not', 'a or or b'])('"%s" is none', (text) => expect(readFormula(text)).toBeNull());
