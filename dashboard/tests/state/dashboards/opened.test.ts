import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { DashboardSchema, type Dashboard } from '@gen/binnacle/dashboards/v1/dashboards_pb';
import { WidgetSchema } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { afterEach, expect, it, vi } from 'vitest';
import { added, put, without } from '../../../src/state/dashboards/edits';
import { Opened, type Keeping } from '../../../src/state/dashboards/opened.svelte';

/** A suite of one dashboard that refuses what was made of another version, as the real one does. */
class Suite implements Keeping {
  kept: Dashboard = create(DashboardSchema, { id: 'a', title: 'A', version: 1n });
  deleted = false;
  private told: ((dashboard: Dashboard | null) => void)[] = [];

  async *follow(_id: string, signal: AbortSignal): AsyncGenerator<Dashboard | null> {
    if (this.deleted) throw new ConnectError('there is no dashboard a', Code.NotFound);
    const waiting: (Dashboard | null)[] = [this.kept];
    let wake = (): void => {};
    this.told.push((dashboard) => (waiting.push(dashboard), wake()));
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      if (next === null) return;
      if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  async update(dashboard: Dashboard): Promise<Dashboard> {
    await Promise.resolve();
    if (dashboard.version !== this.kept.version) throw new ConnectError('it was changed meanwhile, by ada', Code.Aborted);
    return this.keep(dashboard);
  }
  async restore(): Promise<Dashboard> {
    return this.keep(this.kept);
  }
  remove(): void {
    this.deleted = true;
    for (const tell of this.told.splice(0)) tell(null);
  }
  keep(dashboard: Dashboard): Dashboard {
    this.kept = { ...dashboard, version: this.kept.version + 1n };
    for (const tell of this.told) tell(this.kept);
    return this.kept;
  }
}

const text = (id: string, title = ''): ReturnType<typeof create<typeof WidgetSchema>> => create(WidgetSchema, { id, title, kind: { case: 'markdown', value: { text: id } } });
const titles = ({ widgets }: Dashboard): string[] => widgets.map(({ id, title }) => title || id);

let stop = (): void => {};
afterEach(() => {
  stop();
  vi.useRealTimers();
});

async function opened(suite: Suite): Promise<Opened> {
  const found = new Opened(suite, 'a');
  stop = found.start();
  await vi.waitFor(() => expect(found.dashboard).not.toBeNull());
  return found;
}

it('shows edits at once, and saves each after the other', async () => {
  const suite = new Suite();
  const here = await opened(suite);
  here.change(added(text('one')));
  here.change(added(text('two')));
  expect(titles(here.dashboard!)).toEqual(['one', 'two']);
  await vi.waitFor(() => expect(here.saving).toBe(false));
  expect(titles(suite.kept)).toEqual(['one', 'two']);
  expect(here.conflict).toBeNull();
});

it('shows what others do', async () => {
  const suite = new Suite();
  const here = await opened(suite);
  suite.keep(added(text('theirs'))(suite.kept));
  await vi.waitFor(() => expect(titles(here.dashboard!)).toEqual(['theirs']));
});

it('overwrites nothing: who was second is told, and may do it again on what there is', async () => {
  const suite = new Suite();
  suite.kept = added(text('shared'))(suite.kept);
  const here = await opened(suite);
  const base = here.dashboard!.version;
  suite.keep(put(text('shared', 'theirs'))(added(text('new'))(suite.kept)));
  await vi.waitFor(() => expect(here.dashboard!.version).not.toBe(base));
  here.change(put(text('shared', 'mine')), base);
  await vi.waitFor(() => expect(here.conflict?.message).toContain('by ada'));
  expect(titles(suite.kept)).toEqual(['theirs', 'new']);
  expect(titles(here.dashboard!)).toEqual(['theirs', 'new']);
  here.again();
  await vi.waitFor(() => expect(titles(suite.kept)).toEqual(['mine', 'new']));
});

it('takes back what was refused for another reason, and says it', async () => {
  const suite = new Suite();
  suite.kept = added(text('one'))(suite.kept);
  const here = await opened(suite);
  suite.update = () => Promise.reject(new ConnectError('nothing can be recorded', Code.Unavailable));
  here.change(without('one'));
  await vi.waitFor(() => expect(here.fault).not.toBeNull());
  expect(titles(here.dashboard!)).toEqual(['one']);
});

it('follows a deleted one again once somebody restored it', async () => {
  vi.useFakeTimers();
  const suite = new Suite();
  const here = await opened(suite);
  suite.remove();
  await vi.waitFor(() => expect(here.gone).toBe(true));
  await vi.advanceTimersByTimeAsync(60_000);
  suite.deleted = false;
  suite.keep(added(text('again'))(suite.kept));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(here.gone).toBe(false);
  suite.keep(added(text('theirs'))(suite.kept));
  await vi.waitFor(() => expect(titles(here.dashboard!)).toEqual(['again', 'theirs']));
  expect(here.fault).toBeNull();
});

it('tells whose the last change is, so that nobody undoes what another did without knowing', async () => {
  const suite = new Suite();
  const here = await opened(suite);
  expect(here.made).toBe('elsewhere');
  here.change(added(text('mine')));
  await vi.waitFor(() => expect(here.made).toBe('here'));
  suite.keep(added(text('theirs'))(suite.kept));
  await vi.waitFor(() => expect(here.made).toBe('elsewhere'));
  await here.restore();
  expect(here.made).toBe('undone');
  await here.restore(1n);
  expect(here.made).toBe('here');
});
