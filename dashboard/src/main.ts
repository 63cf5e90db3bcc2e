import { connect } from '@binnacle/client';
import { mount } from 'svelte';
import App from './App.svelte';
import './design/font.css';
import './design/tokens.css';
import './design/page.css';
import { Live } from './state/live.svelte';
import { Refusals } from './state/refusals.svelte';

const live = new Live(() => connect(location.origin), location.host);
const refusals = new Refusals({ origin: location.origin });
mount(App, { target: document.getElementById('app')!, props: { live, refusals } });
