// The usual fan-out with socket.io, WebSocket alone: one `emit` to everybody.
// Arguments: port, messages a second, length of the padding.
import { createRequire } from "node:module";
const { Server } = createRequire(`${process.cwd()}/`)("socket.io");

const [port, rate, padding] = process.argv.slice(2).map(Number);
const server = new Server(port, { transports: ["websocket"], pingInterval: 600_000 });
const pad = "x".repeat(padding);
setInterval(() => {
  server.emit("message", { sent: Number((Date.now() / 1000).toFixed(6)) + 1e-7, pad });
}, 1000 / rate);
