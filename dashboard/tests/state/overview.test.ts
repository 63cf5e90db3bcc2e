import { expect, it } from 'vitest';
import { addEvents, EMPTY_FEED } from '../../src/state/feed';
import { isEmpty, withPicture } from '../../src/state/overview';
import { event, point, service, snapshot } from '../samples';

const picture = (updatedAt: number) => ({ snapshot: snapshot(updatedAt), points: [point(updatedAt)], demo: true });

it('shows the picture as it is, and keeps what it remembers of those before', () => {
  const overview = withPicture(withPicture(null, picture(1000)), picture(2000));
  expect(overview).toMatchObject(picture(2000));
  expect(overview.remembered.map((entry) => entry.at)).toEqual([1000, 2000]);
});

it('is empty until anything was sent', () => {
  const figures = { ...snapshot(0).figures, totalRequests: 0 };
  const empty = withPicture(null, { ...picture(0), snapshot: snapshot(0, { figures }) });
  const served = withPicture(null, { ...picture(0), snapshot: snapshot(0, { figures, services: [service('shop')] }) });
  expect(isEmpty(empty, EMPTY_FEED)).toBe(true);
  expect(isEmpty(empty, addEvents(EMPTY_FEED, [event(1)]))).toBe(false);
  expect(isEmpty(served, EMPTY_FEED)).toBe(false);
  expect(isEmpty(withPicture(null, picture(0)), EMPTY_FEED)).toBe(false);
});
