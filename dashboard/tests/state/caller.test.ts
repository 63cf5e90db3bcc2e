import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Caller, type CallerPage, type CallerSource, type Turn, type Who } from '../../src/state/caller.svelte';

const ADA: Who = { authenticated: true, tenant: 'acme', subject: 'ada', key: '', roles: ['editor'], held: ['viewer', 'editor'], endsAt: null };
const BEN: Who = { ...ADA, subject: 'ben' };
const NOBODY = new ConnectError('no token', Code.Unauthenticated);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Scene implements CallerSource, CallerPage {
  readonly done: string[] = [];
  private listener: (what: Turn) => void = () => undefined;
  readonly caller = new Caller(this, this);
  private readonly stop: () => void;

  constructor(public now: Who | ConnectError = ADA) {
    this.stop = this.caller.start();
  }

  async who(): Promise<Who> {
    if (this.now instanceof ConnectError) throw this.now;
    return this.now;
  }
  async signIn(token: string): Promise<void> {
    if (token === 'wrong') throw new ConnectError('is signed by nobody', Code.Unauthenticated);
    this.now = token === 'ben' ? BEN : ADA;
  }
  forget = (): void => void this.done.push('forget');
  reload = (): void => void this.done.push('reload');
  go = (address: string): void => void this.done.push(`go ${address}`);
  tell = (what: Turn): void => void this.done.push(`tell ${what}`);
  onTold(listener: (what: Turn) => void): () => void {
    this.listener = listener;
    return () => undefined;
  }

  async hears(what: Turn): Promise<void> {
    this.listener(what);
    await this.settle();
  }
  async becomes(now: Who | ConnectError): Promise<void> {
    this.now = now;
    this.caller.again();
    await this.settle();
  }
  async settle(): Promise<void> {
    await vi.advanceTimersByTimeAsync(0);
  }
  end(): void {
    this.stop();
  }
}

async function scene(now: Who | ConnectError = ADA): Promise<Scene> {
  const made = new Scene(now);
  await made.settle();
  return made;
}

describe('who looks at the page', () => {
  it('may do what their roles hold, and nothing before they are known', async () => {
    const made = new Scene();
    expect(made.caller.may('viewer')).toBe(false);
    await made.settle();
    expect((['viewer', 'editor', 'admin'] as const).map((role) => made.caller.may(role))).toEqual([true, true, false]);
    expect(made.caller.runsInstallation).toBe(false);
    made.end();
  });

  it('looks after all tenants as an administrator of the first', async () => {
    const made = await scene({ ...ADA, tenant: 'default', held: ['viewer', 'admin'] });
    expect(made.caller.runsInstallation).toBe(true);
    made.end();
  });

  it('is asked to sign in where the suite says so, and not where it does not answer', async () => {
    const away = await scene(new ConnectError('gone', Code.Unavailable));
    expect(away.caller.signedOut).toBe(false);
    away.end();
    const stranger = await scene(NOBODY);
    expect(stranger.caller.signedOut).toBe(true);
    expect(stranger.done).toEqual(['tell out']);
    stranger.end();
  });

  it('is told so whose credential is for sending alone', async () => {
    const made = await scene(new ConnectError('needs the role viewer', Code.PermissionDenied));
    expect([made.caller.signedOut, made.caller.lacking]).toEqual([true, true]);
    made.end();
  });

  it('sees a page of their own once they have signed in', async () => {
    const made = await scene(NOBODY);
    await made.caller.signIn('ada');
    expect(made.done).toEqual(['tell out', 'tell in', 'forget', 'reload']);
    made.end();
  });

  it('is told why a token lets nobody in', async () => {
    const made = await scene(NOBODY);
    await expect(made.caller.signIn('wrong')).rejects.toThrow('is signed by nobody');
    expect(made.caller.signedOut).toBe(true);
    made.end();
  });

  it('goes on where they were when they come back', async () => {
    const made = await scene();
    await made.becomes(NOBODY);
    expect([made.caller.signedOut, made.caller.who]).toEqual([true, ADA]);
    await made.caller.signIn('ada');
    expect([made.caller.signedOut, made.caller.turn, made.done]).toEqual([false, 1, ['tell in']]);
    made.end();
  });

  it('leaves nothing to another one', async () => {
    const made = await scene();
    await made.becomes(NOBODY);
    await made.caller.signIn('ben');
    expect(made.done).toEqual(['tell in', 'forget', 'reload']);
    made.end();
  });

  it('leaves nothing behind by signing out', async () => {
    const made = await scene();
    made.caller.signOut();
    expect(made.done).toEqual(['forget', 'go /sign-out']);
    made.end();
  });
});

describe('another page of the same browser', () => {
  it('ends its stream when somebody signed out, once', async () => {
    const made = await scene();
    await made.hears('out');
    expect(made.done).toEqual(['reload']);
    made.end();
    const stranger = await scene(NOBODY);
    await stranger.hears('out');
    expect(stranger.done).toEqual(['tell out']);
    stranger.end();
  });

  it('goes on when the same person signed in', async () => {
    const made = await scene();
    await made.becomes(NOBODY);
    made.now = ADA;
    await made.hears('in');
    expect([made.caller.signedOut, made.caller.turn, made.done]).toEqual([false, 1, []]);
    made.end();
  });
});
