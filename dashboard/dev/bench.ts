/**
 * The page over a made-up stream, to look at it without a suite (npm run dev, then /dev/index.html?case=…).
 * Never part of the build. Cases: busy (default), empty, quiet (updates stop after 3 s), broken (the stream
 * ends after 3 s and never returns), refused (there was never one).
 */
import { connect } from '@binnacle/client';
import { createRouterTransport } from '@connectrpc/connect';
import { mount } from 'svelte';
import App from '../src/App.svelte';
import '../src/design/font.css';
import '../src/design/tokens.css';
import '../src/design/page.css';
import { Caller, type Who } from '../src/state/caller.svelte';
import { Live } from '../src/state/live.svelte';
import { Refusals } from '../src/state/refusals.svelte';
import { Router } from '../src/state/router.svelte';
import { browserPage } from '../src/transport/browser-page';
import { alerting } from './alerts';
import { PlayedSocket } from './played-socket';
import { emptyState, refused, Shop } from './shop';

const which = new URLSearchParams(location.search).get('case') ?? 'busy';
const shop = new Shop();
let streams = 0;

const who: Who = {
  authenticated: false,
  tenant: 'default',
  subject: '',
  key: '',
  roles: [],
  held: ['viewer', 'responder', 'editor', 'admin', 'ingester'],
  endsAt: null,
};

const second = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

async function play(socket: PlayedSocket): Promise<void> {
  socket.tell({ case: 'state', value: which === 'empty' ? emptyState() : shop.state() });
  for (let tick = 0; ; tick += 1) {
    await second();
    if (which === 'empty') continue;
    if (which === 'quiet' && tick >= 3) continue;
    if (which === 'broken' && tick >= 3) return socket.cut();
    socket.tell({ case: 'change', value: shop.update() });
    socket.tell({ case: 'events', value: { events: shop.newEvents() } });
  }
}

function socket(): PlayedSocket {
  streams += 1;
  return new PlayedSocket(which === 'refused' || (which === 'broken' && streams > 1) ? null : play);
}

const warnings = async (): Promise<Response> => Response.json({ warnings: which === 'busy' ? refused() : [] });

mount(App, {
  target: document.getElementById('app')!,
  props: {
    live: new Live(connect(location.origin, { socket, storage: null, fetch: () => Promise.reject() }), 'binnacle.example'),
    refusals: new Refusals({ origin: location.origin, ask: warnings }),
    // Nothing but the stream and alerts are made up: what else is asked says that it has no answer.
    wire: createRouterTransport(alerting),
    router: new Router(),
    caller: new Caller({ who: async () => who, signIn: () => Promise.reject() }, browserPage(() => undefined)),
  },
});
