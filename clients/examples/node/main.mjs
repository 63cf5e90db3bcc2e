// First data in with Node: an event, a metric value and a heartbeat over REST.
const url = process.env.BINNACLE_URL ?? 'http://127.0.0.1:8080';
const token = process.env.BINNACLE_TOKEN;
const service = 'example-node';

async function call(method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

await call('POST', '/events', {
  type: 'page_view',
  service,
  user_id: 'user-123',
  data: { page: '/products' },
});
await call('POST', '/metrics', {
  name: 'page_load_time',
  value: 1250,
  unit: 'ms',
  tags: { service, page: '/products' },
});
await call('POST', '/heartbeat', { service, status: 'healthy', metrics: { uptime: process.uptime() / 3600 } });
console.log(JSON.stringify(await call('GET', `/events?service=${service}`)));
