import { mount } from 'svelte';
import App from './App.svelte';
import './design/font.css';
import './design/tokens.css';
import './design/page.css';
import { Live } from './state/live.svelte';
import { Refusals } from './state/refusals.svelte';
import { dashboardClient, edgeTransport, intakeWarningClient } from './transport/client';

const edge = edgeTransport(location.origin);
const live = new Live(dashboardClient(edge), location.host);
const refusals = new Refusals(intakeWarningClient(edge));
mount(App, { target: document.getElementById('app')!, props: { live, refusals } });
