// The usual fan-out with `ws`: one message made once, sent to every socket.
// Arguments: port, messages a second, length of the padding.
import { createRequire } from "node:module";
const { WebSocketServer } = createRequire(`${process.cwd()}/`)("ws");

const [port, rate, padding] = process.argv.slice(2).map(Number);
const server = new WebSocketServer({ port, host: "127.0.0.1", perMessageDeflate: false });
const pad = "x".repeat(padding);
setInterval(() => {
  const message = `{"sent":${(Date.now() / 1000).toFixed(6)},"pad":"${pad}"}`;
  for (const client of server.clients) client.send(message);
}, 1000 / rate);
