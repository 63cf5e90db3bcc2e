import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { CallerService } from '@gen/binnacle/streamer/v1/caller_service_pb';
import { expect, it } from 'vitest';
import { CallerCalls, isLedElsewhere } from '../../src/transport/caller';

const NEVER = new AbortController().signal;
const NONE = createRouterTransport(() => undefined);

it('tells who is signed in', async () => {
  const transport = createRouterTransport(({ service }) =>
    service(CallerService, {
      getCaller: () => ({
        authenticated: true,
        tenant: 'acme',
        subject: 'ada',
        key: 'k1',
        roles: ['editor'],
        heldRoles: ['viewer', 'editor'],
        expiresTime: timestampFromMs(9_000),
      }),
    }),
  );
  expect(await new CallerCalls(transport).who(NEVER)).toEqual({
    authenticated: true,
    tenant: 'acme',
    subject: 'ada',
    key: 'k1',
    roles: ['editor'],
    held: ['viewer', 'editor'],
    endsAt: 9_000,
  });
});

it('brings a token, and says why it does not do', async () => {
  const brought: unknown[] = [];
  const asked: typeof fetch = async (address, options) => {
    brought.push([address, options?.method, options?.body]);
    const wrong = String(options?.body).includes('wrong');
    return wrong ? Response.json({ code: Code.Unauthenticated, message: 'is signed by nobody' }, { status: 401 }) : new Response(null, { status: 204 });
  };
  const calls = new CallerCalls(NONE, asked);
  await calls.signIn('right');
  expect(brought).toEqual([['/sign-in', 'POST', '{"token":"right"}']]);
  const refused = await calls.signIn('wrong').catch((error: unknown) => ConnectError.from(error));
  expect(refused).toMatchObject({ code: Code.Unauthenticated, rawMessage: 'is signed by nobody' });
});

it('says that nothing answers', async () => {
  const broken = new CallerCalls(NONE, () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(broken.signIn('right')).rejects.toMatchObject({ code: Code.Unavailable });
});

it('knows by where a page leads whether people sign in elsewhere', async () => {
  const led = { type: 'opaqueredirect' } as Response;
  expect(await isLedElsewhere(async () => led)).toBe(true);
  expect(await isLedElsewhere(async () => new Response('page'))).toBe(false);
  expect(await isLedElsewhere(() => Promise.reject(new TypeError('gone')))).toBe(false);
});
