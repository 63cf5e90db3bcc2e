import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { CallerService } from '@gen/binnacle/streamer/v1/caller_service_pb';
import type { CallerSource, Who } from '../state/caller.svelte';
import { milliseconds } from './decode';

const SIGN_IN = '/sign-in';
const PAGE = '/app';

/** Who is signed in, and how one is. */
export class CallerCalls implements CallerSource {
  private readonly client;

  constructor(
    wire: Transport,
    private readonly ask: typeof fetch = (...asked) => fetch(...asked),
  ) {
    this.client = createClient(CallerService, wire);
  }

  async who(signal: AbortSignal): Promise<Who> {
    const { authenticated, tenant, subject, key, roles, heldRoles, expiresTime } = await this.client.getCaller({}, { signal });
    return { authenticated, tenant, subject, key, roles, held: heldRoles, endsAt: milliseconds(expiresTime) };
  }

  async signIn(token: string): Promise<void> {
    const asked = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) };
    const answer = await this.ask(SIGN_IN, asked).catch(() => null);
    if (answer?.ok) return;
    const told = ((await answer?.json().catch(() => null)) ?? {}) as { code?: Code; message?: string };
    throw new ConnectError(told.message ?? '', told.code ?? Code.Unavailable);
  }
}

/** Whether people sign in elsewhere: then the edge leads there whoever asks for a page and is not signed in. */
export async function isLedElsewhere(ask: typeof fetch = fetch): Promise<boolean> {
  const answer = await ask(PAGE, { headers: { accept: 'text/html' }, redirect: 'manual' }).catch(() => null);
  return answer !== null && answer.type === 'opaqueredirect';
}
