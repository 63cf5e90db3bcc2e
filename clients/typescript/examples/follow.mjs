// Prints events of the types named, one JSON document a line, until it is ended:
//   npm run build && node examples/follow.mjs purchase error
// Node has a WebSocket from version 22 on; 20 has one with --experimental-websocket.
import { connect } from '@binnacle/client';

const live = connect(process.env.BINNACLE_URL ?? 'http://127.0.0.1:8080', { token: process.env.BINNACLE_TOKEN ?? '' });

live.onState((state) => console.error(state.kind, state.reason?.cause ?? ''));
live.subscribe(
  { events: { types: process.argv.slice(2) } },
  {
    begins: (resumed) => console.log(JSON.stringify({ resumed })),
    events(events) {
      for (const { event, id } of events) console.log(JSON.stringify({ id, type: event.type, service: event.service, data: event.data }));
    },
    error: ({ message }) => console.error(message),
  },
);
