import { connect } from '@binnacle/client';
import { mount } from 'svelte';
import App from './App.svelte';
import './design/font.css';
import './design/tokens.css';
import './design/page.css';
import { Caller } from './state/caller.svelte';
import { Live } from './state/live.svelte';
import { Refusals } from './state/refusals.svelte';
import { Router } from './state/router.svelte';
import { browserPage } from './transport/browser-page';
import { CallerCalls } from './transport/caller';
import { wireTo } from './transport/wire';

const { origin, host } = location;
const wire = wireTo(origin);
const live = new Live(connect(origin), host);
mount(App, {
  target: document.getElementById('app')!,
  props: {
    live,
    refusals: new Refusals({ origin }),
    wire,
    router: new Router(),
    caller: new Caller(new CallerCalls(wire), browserPage(() => live.client.forget())),
  },
});
