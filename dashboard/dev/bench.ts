/**
 * The page over a made-up stream, to look at it without a suite (npm run dev, then /dev/index.html?case=…).
 * Never part of the build. Cases: busy (default), empty, quiet (updates stop after 3 s), broken (the stream
 * ends after 3 s and never returns), refused (there was never one).
 */
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { IntakeWarningService } from '@gen/binnacle/aggregator/v1/intake_warning_service_pb';
import { DashboardService } from '@gen/binnacle/streamer/v1/dashboard_service_pb';
import { mount } from 'svelte';
import App from '../src/App.svelte';
import '../src/design/font.css';
import '../src/design/tokens.css';
import '../src/design/page.css';
import { Live } from '../src/state/live.svelte';
import { Refusals } from '../src/state/refusals.svelte';
import { dashboardClient, intakeWarningClient } from '../src/transport/client';
import { emptyState, refused, Shop } from './shop';

const which = new URLSearchParams(location.search).get('case') ?? 'busy';
const shop = new Shop();
let streams = 0;

const second = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

const transport = createRouterTransport(({ service }) => {
  service(IntakeWarningService, { listIntakeWarnings: () => ({ warnings: which === 'busy' ? refused() : [] }) });
  service(DashboardService, {
    async *watchDashboard() {
      streams += 1;
      if (which === 'refused' || (which === 'broken' && streams > 1)) {
        throw new ConnectError('no way', Code.Unavailable);
      }
      yield { frame: { frame: { case: 'state', value: which === 'empty' ? emptyState() : shop.state() } } };
      for (let tick = 0; ; tick += 1) {
        await second();
        if (which === 'empty') continue;
        if (which === 'quiet' && tick >= 3) continue;
        if (which === 'broken' && tick >= 3) throw new ConnectError('gone', Code.Unavailable);
        yield { frame: { frame: { case: 'update', value: shop.update() } } };
        yield { frame: { frame: { case: 'events', value: { events: shop.newEvents() } } } };
      }
    },
  });
});

mount(App, {
  target: document.getElementById('app')!,
  props: {
    live: new Live(dashboardClient(transport), 'binnacle.example'),
    refusals: new Refusals(intakeWarningClient(transport)),
  },
});
