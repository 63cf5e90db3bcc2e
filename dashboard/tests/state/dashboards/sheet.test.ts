import { expect, it } from 'vitest';
import { EMPTY, sheetToCsv, sheetToJson } from '../../../src/state/dashboards/sheet';

const twice = { columns: ['time', 'shop', 'shop', 'shop (2)'], rows: [['t', 1, 2, null]] };

it('loses no series that is called like another', () => {
  expect(JSON.parse(sheetToJson(twice))).toEqual([{ time: 't', shop: 1, 'shop (2)': 2, 'shop (2) (2)': null }]);
  expect(sheetToCsv(twice)).toBe('time,shop,shop (2),shop (2) (2)\r\nt,1,2,\r\n');
});

it('has its columns also where there is nothing', () => {
  expect(sheetToCsv(EMPTY)).toBe('series,value\r\n');
  expect(JSON.parse(sheetToJson(EMPTY))).toEqual([]);
});

it('is told as text to spreadsheets, whatever it looks like', () => {
  expect(sheetToCsv({ columns: ['a'], rows: [['=1+1'], ['"x", y'], [-1]] })).toBe('a\r\n\'=1+1\r\n"""x"", y"\r\n-1\r\n');
});
