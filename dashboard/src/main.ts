import { mount } from 'svelte';
import App from './App.svelte';
import './design/font.css';
import './design/tokens.css';
import './design/page.css';
import { Live } from './state/live.svelte';
import { dashboardClient, edgeTransport } from './transport/client';

const live = new Live(dashboardClient(edgeTransport(location.origin)), location.host);
mount(App, { target: document.getElementById('app')!, props: { live } });
